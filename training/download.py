"""One file over HTTP: of a known size and digest, or not at all."""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO, Final

from spamfilter.errors import SpamFilterError

TIMEOUT_S: Final = 30.0
_CHUNK_BYTES: Final = 64 * 1024


class FetchError(SpamFilterError):
    """A source could not be brought; the message is one sentence that names what and why."""


def download(
    address: str,
    to: Path,
    *,
    n_bytes: int,
    sha256: str,
    timeout_s: float = TIMEOUT_S,
    advance: Callable[[int], object] = lambda _: None,
) -> None:
    """Bring one file; one that is there with the right digest is not fetched again.

    Args:
        address: http or https; redirects are followed.
        to: where it goes, under that name only once it is whole and right.
        n_bytes: its exact size; nothing beyond it is read.
        sha256: its digest, 64 hex digits.
        timeout_s: how long to wait for the connection, and for each next piece.
        advance: told the number of bytes of each piece.

    Raises:
        FetchError: if it cannot be reached, is not what was pinned, or cannot be written. Nothing half-written remains.
    """
    if is_pinned(to, n_bytes, sha256):
        advance(n_bytes)
        return
    digest = hashlib.sha256()
    got = 0
    with _replacing(to) as part, closing(_chunks(address, timeout_s)) as chunks:
        for chunk in chunks:
            got += len(chunk)
            if got > n_bytes:
                raise FetchError(f"{address}: is larger than the {n_bytes} bytes that are pinned")
            digest.update(chunk)
            part.write(chunk)
            advance(len(chunk))
        if got < n_bytes:
            raise FetchError(f"{address}: ended after {got} of {n_bytes} bytes; run it again")
        if digest.hexdigest() != sha256:
            raise FetchError(f"{address}: is not the pinned file: its SHA-256 is {digest.hexdigest()}, not {sha256}")


def is_pinned(path: Path, n_bytes: int, sha256: str) -> bool:
    """Whether a file is there and is the one that was pinned."""
    try:
        if path.stat().st_size != n_bytes:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def write_whole(to: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all.

    Raises:
        FetchError: if it cannot be written.
    """
    with _replacing(to) as part:
        part.write(data)


@contextmanager
def _replacing(to: Path) -> Iterator[BinaryIO]:
    """A file that takes the name `to` when the block ends, and is gone when it fails."""
    part = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                yield file
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise FetchError(f"cannot write {to}: {error.strerror or error}") from None


def _chunks(address: str, timeout_s: float) -> Generator[bytes, None, None]:
    if not address.startswith(("https://", "http://")):
        raise FetchError(f"{address}: only http and https addresses are fetched")
    try:
        with urllib.request.urlopen(address, timeout=timeout_s) as answer:
            while chunk := answer.read(_CHUNK_BYTES):
                yield chunk
    except urllib.error.HTTPError as error:
        error.close()
        raise FetchError(f"{address}: the server answered {error.code} {error.reason}") from None
    except TimeoutError:
        raise FetchError(f"{address}: no answer within {timeout_s:g} s") from None
    except urllib.error.URLError as error:
        why = f"no answer within {timeout_s:g} s" if isinstance(error.reason, TimeoutError) else str(error.reason)
        raise FetchError(f"{address}: {why}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise FetchError(f"{address}: {type(error).__name__}: {error}") from None
