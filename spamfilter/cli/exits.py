"""Exit codes, and the one place where an error becomes a sentence and a code."""

from __future__ import annotations

import os
import sys
from typing import Any, Final

import typer
from typer.core import TyperGroup

from spamfilter.errors import ArtifactError, MissingExtraError, NotReadyError, SpamFilterError

OK: Final = 0
ROWS_REFUSED: Final = 1
"""All is done, but some rows could not be read; those that could were scored."""
BAD_INPUT: Final = 2
"""The usage, an option or a file is not what was expected; no result was written."""
ADDRESS: Final = 3
"""`serve`: the address cannot be listened on."""
MODEL: Final = 4
"""A model folder was refused, or its second stage cannot be loaded."""
SYSTEM: Final = 5
"""The system failed: a full disk, a missing optional package."""
INTERRUPTED: Final = 130
READER_GONE: Final = 141
"""What the shell calls a process that wrote to a closed pipe."""


class Commands(TyperGroup):
    """The commands, with errors told as a sentence: a traceback is no answer, and could show a message."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 (typer's own signature, whose context type moved between versions)
        """Run a command; every error that is foreseen becomes its exit code."""
        try:
            return super().invoke(ctx)
        except SpamFilterError as error:
            raise _refused(str(error), _code(error)) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # What is still buffered would fail again at exit, with a traceback.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(READER_GONE) from None
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            raise _refused(f"{error.strerror or type(error).__name__}{where}", SYSTEM) from None


def _code(error: SpamFilterError) -> int:
    if isinstance(error, ArtifactError | NotReadyError):
        return MODEL
    return SYSTEM if isinstance(error, MissingExtraError) else BAD_INPUT


def _refused(sentence: str, code: int) -> typer.Exit:
    typer.echo(f"spamfilter: {sentence}", err=True)
    return typer.Exit(code)
