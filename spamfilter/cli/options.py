"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ModelOption = Annotated[
    Path | None,
    typer.Option("--model", "-m", envvar="SPAMFILTER_MODEL", help="Model folder; by default the shipped one."),
]
KiwiOption = Annotated[
    bool, typer.Option("--kiwi/--no-kiwi", help="Ask Kiwi about unsure messages (1-3 s to load), or do without.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="For machines: JSON, on the standard error too.")]
