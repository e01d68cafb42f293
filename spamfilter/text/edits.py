"""What a fixer gives: edits of a text, each traceable to where it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """`text[start:end]` reads as `reads_as`."""

    start: int
    end: int
    reads_as: str


Fixer = Callable[[str], list[Edit]]
"""Gives ascending, disjoint edits of the text it is given; total and linear in its length."""
