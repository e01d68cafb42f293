"""Small fixers for the texts of public sources: what their publishers masked, added or left open.

Each takes a text and a generator and gives a text. They are total and linear, and a source names the ones that it
needs, in order: a star is a masked digit in one source and somebody's emphasis in the next.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Final

from training.slots import fill_slots

Mend = Callable[[str, random.Random], str]

_CARRIER_MARK: Final = re.compile(r"\[\s{0,3}(?:국제|국외|해외|web)\s{0,3}발신\s{0,3}\][ \t]{0,9}\n?", re.IGNORECASE)
_MASKED: Final = re.compile(r"[0-9*]+(?:[-.][0-9*]+)*")
_MOBILE: Final = re.compile(r"(?<![0-9])(01[016789])([-. ]?)([0-9]{3,4})([-. ]?)([0-9]{4})(?![0-9])")
_TWICE_OPEN: Final = re.compile(r"\A\[{2,}")


def cut_carrier_marks(text: str, rng: random.Random) -> str:
    r"""Cut what the network wrote, not the sender: a chat that we filter has no such mark.

    >>> cut_carrier_marks("[국제발신]\n계정이 정지됩니다", random.Random(0))
    '계정이 정지됩니다'
    >>> cut_carrier_marks("[안내] 국제발신 문자는 조심", random.Random(0))
    '[안내] 국제발신 문자는 조심'
    """
    return _CARRIER_MARK.sub("", text)


def put_back_digits(text: str, rng: random.Random) -> str:
    """Put random digits for the stars that mask some in a number; leave stars that decorate or split words.

    >>> put_back_digits("010-****-12**", random.Random(0))
    '010-6604-1287'
    >>> put_back_digits("*고*객*님* *24*시간 1*", random.Random(0))
    '*고*객*님* *24*시간 16'
    """
    return _MASKED.sub(lambda match: _unmasked(match, rng), text)


def _unmasked(match: re.Match[str], rng: random.Random) -> str:
    token = match[0]
    inner = token.strip("*")
    if not inner.strip("-.") or "*" not in token:
        return token
    leads, trails = token[0] == "*", token[-1] == "*"
    if leads and trails and "*" not in inner:
        return token
    if trails and "*" not in token[:-1] and match.string[match.end() : match.end() + 1].isalpha():
        return token
    kept = len(token) - len(token.lstrip("*")) if leads and not {"-", "."} & set(token) else 0
    return token[:kept] + "".join(rng.choice("0123456789") if c == "*" else c for c in token[kept:])


def replace_mobile_numbers(text: str, rng: random.Random) -> str:
    """Replace private mobile numbers by others of the same shape; the same number by the same one.

    A number that answers for an office (02, 1588, 080) stays.

    >>> replace_mobile_numbers("010-0000-1234, 01000001234, 02-000-0000", random.Random(0))
    '010-6660-4876, 01066604876, 02-000-0000'
    """
    known: dict[str, tuple[str, str]] = {}

    def other(match: re.Match[str]) -> str:
        prefix, first, middle, second, last = match.groups()
        number = prefix + middle + last
        if number not in known:
            digits = [rng.choice("0123456789") for _ in range(len(middle) + 3)]
            known[number] = rng.choice("23456789") + "".join(digits[: len(middle) - 1]), "".join(digits[-4:])
        return prefix + first + known[number][0] + second + known[number][1]

    return _MOBILE.sub(other, text)


def open_bracket_once(text: str, rng: random.Random) -> str:
    """Open the sender's bracket once: half of the rows of a file bring their own.

    >>> open_bracket_once("[[시청] 안내", random.Random(0))
    '[시청] 안내'
    """
    return _TWICE_OPEN.sub("[", text)


MENDS: Final[dict[str, Mend]] = {
    "carrier-marks": cut_carrier_marks,
    "masked-digits": put_back_digits,
    "mobile-numbers": replace_mobile_numbers,
    "sender-bracket": open_bracket_once,
    "slots": fill_slots,
}
"""By the names that `sources.toml` uses."""


def mend(text: str, names: Sequence[str], seed: int) -> str:
    """Apply the named fixers in order, then cut the space around the text.

    Args:
        text: as the source has it.
        names: of `MENDS`.
        seed: the same seed and text give the same result, whatever stands beside them in the file.
    """
    rng = random.Random(f"{seed}:{text!a}")  # escaped: half a surrogate pair is no seed
    for name in names:
        text = MENDS[name](text, rng)
    return text.strip()
