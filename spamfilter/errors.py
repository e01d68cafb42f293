"""What can go wrong, in one tree.

    SpamFilterError
    ├── InputError (also ValueError)   a message, an option or a row is not what was expected
    │   └── RowError                   ... and it stands in a file: path, line and field are named
    ├── ArtifactError                  a model folder is missing, damaged, foreign or of another version
    ├── BudgetError (also ValueError)  a false-positive budget that the model's evidence cannot prove
    ├── MissingExtraError (also ImportError)  an optional part is not installed; names the extra
    └── NotReadyError                  the morpheme stage was asked for before Kiwi had loaded

No error ever carries the text of a message: an operator's log must not become a copy of people's talk.
"""

from __future__ import annotations


class SpamFilterError(Exception):
    """Root of every error that this package raises on purpose."""


class InputError(SpamFilterError, ValueError):
    """A value given by the caller is not usable; the message names it and what was expected."""


class RowError(InputError):
    """A row of a file is not usable.

    Attributes:
        path: the file as the user named it.
        line: 1-based line of a text file, or row of a columnar one.
        field: the field at fault, or None where the whole row is.
        expected: one sentence: what was expected there.
    """

    def __init__(self, path: str, line: int, field: str | None, expected: str) -> None:
        where = f"{path}:{line}" if field is None else f"{path}:{line}: field {field!r}"
        super().__init__(f"{where}: {expected}")
        self.path, self.line, self.field, self.expected = path, line, field, expected


class ArtifactError(SpamFilterError):
    """A model folder was refused; the message says what is wrong with it."""


class BudgetError(SpamFilterError, ValueError):
    """The held-out evidence of a model is too small or too poor for the false-positive budget asked for."""


class MissingExtraError(SpamFilterError, ImportError):
    """An optional dependency is missing; the message gives the `pip install` line that brings it."""

    def __init__(self, module: str, extra: str, why: str) -> None:
        super().__init__(f"{why} needs the package {module!r}: pip install 'spamfilter[{extra}]'")


class NotReadyError(SpamFilterError):
    """Something that loads in the background has failed to load, or was switched off."""
