r"""JSON in and out: fast where the text is well-formed, exact where it is not.

A message may hold a lone surrogate: JavaScript's `"😀".slice(0, 1)` makes one and `JSON.stringify` sends it as
`"\ud83d"`. orjson refuses such strings both ways, so they take the standard library's way: read as Python reads
them, written back as the escape they came as, so that the answer is the library's verdict to the letter.
"""

from __future__ import annotations

import json
from typing import NoReturn

import orjson

from spamfilter.http.errors import MALFORMED_JSON, NOT_UTF8, ProblemError


def parse(body: bytes) -> object:
    """Read a JSON body.

    Args:
        body: UTF-8, with or without a byte order mark.

    Raises:
        ProblemError: 400, if the body is not UTF-8 or not JSON; tells the position, never what stands there.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass  # a lone surrogate, a byte order mark, or really broken: the slower way tells which
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProblemError(NOT_UTF8, f"the body is not UTF-8 at byte {error.start}") from None
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise ProblemError(MALFORMED_JSON, f"the body is not JSON at character {error.pos}") from None
    except RecursionError:
        raise ProblemError(MALFORMED_JSON, "the body is nested too deeply") from None
    except ValueError:
        raise ProblemError(MALFORMED_JSON, "the body holds a number that JSON does not have, or one too long") from None


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def render(content: object) -> bytes:
    r"""Write plain values as JSON in UTF-8.

    >>> render({"text": "무료"}).decode()
    '{"text":"무료"}'
    >>> render({"text": "\ud800"})
    b'{"text":"\\ud800"}'
    """
    try:
        return orjson.dumps(content)
    except orjson.JSONEncodeError:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")
