"""Files of scored messages: the input's rows with columns added, there whole or not there at all."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from spamfilter.errors import InputError
from spamfilter.records.batch import Batch, require_pyarrow
from spamfilter.records.columns import Columns, json_line, merged_rows
from spamfilter.records.reading import STDIN, format_of

_O_TMPFILE: Final[int | None] = getattr(os, "O_TMPFILE", None)


class Output(Protocol):
    """Where the rows of a file go, with what was found out about them."""

    def write(self, batch: Batch, added: Columns) -> None:
        """Write the rows of a batch with more columns.

        A column of the input that bears the name of an added one is kept as `input_<name>`.
        """


@contextmanager
def open_output(path: str) -> Iterator[Output]:
    """Open a file for scored rows: JSON lines or Parquet by its suffix; `-` is standard output, JSON lines.

    The file appears under its name only when the block ends well; whatever stood there before stays until then.
    Standard output streams.

    Raises:
        InputError: if the suffix is neither, or the folder cannot be written.
        MissingExtraError: if it is Parquet and pyarrow is not installed.
    """
    if path == STDIN:
        yield _JsonLines(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    format = format_of(path)
    if format not in ("jsonl", "parquet"):
        raise InputError(f"{path}: rows are written as JSON lines (.jsonl) or Parquet (.parquet)")
    if format == "jsonl":
        with atomic_file(Path(path)) as stream:
            yield _JsonLines(stream)
        return
    require_pyarrow()
    from spamfilter.records.parquet import ParquetOutput

    with (
        atomic_file(Path(path)) as stream,
        tempfile.TemporaryFile(dir=Path(path).resolve().parent) as spool,
        closing(ParquetOutput(stream, spool)) as parquet,
    ):
        yield parquet
        parquet.finish()


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A binary file that takes its name only when the block ends without an error.

    Where the system has files without a name (Linux: `O_TMPFILE`), not even a killed process leaves a trace;
    elsewhere a file `.spamfilter-*.tmp` may stay in the folder, never a half-written one under the name itself.
    A device or a pipe is written as it is.

    Raises:
        InputError: if the folder is missing or cannot be written, or the path is a folder.
    """
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            descriptor, temporary, stream = None, None, target.open("wb")
        else:
            descriptor = _open_nameless(target.parent)
            temporary = target.with_name(f".spamfilter-{secrets.token_hex(8)}.tmp")
            stream = temporary.open("xb") if descriptor is None else os.fdopen(descriptor, "wb")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise InputError(f"{path}: cannot be written: {reason}") from None
    if temporary is None:
        with stream:
            yield stream
        return
    try:
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            if descriptor is not None:
                _name(descriptor, temporary)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _open_nameless(folder: Path) -> int | None:
    if _O_TMPFILE is None or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(folder, _O_TMPFILE | os.O_RDWR, 0o666)
    except OSError:  # the file system cannot, or the folder is at fault: opening by name will tell
        return None


def _name(descriptor: int, path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # Only with a folder given does Python call linkat(AT_SYMLINK_FOLLOW); link(2) would link the /proc entry.
        os.link(f"/proc/self/fd/{descriptor}", path.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


class _JsonLines:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, batch: Batch, added: Columns) -> None:
        for row in merged_rows(batch, added):
            self._stream.write(json_line(row))
        self._stream.flush()
