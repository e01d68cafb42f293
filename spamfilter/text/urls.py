"""Web addresses, however they are spelled: `bb52.com`, `bb52 점 com`, `b b 5 2 . c o m`, `hxxps://bb52[.]com/a`.

Look-alike letters, circled and full-width forms are undone before, by `normalise.restore`. What is left is the spelling
of the dot and of the last label, which is written back to the plain form, and the question whether `word.word` is
an address at all, which `domains.py` answers label by label.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from spamfilter.text import domains
from spamfilter.text.edits import Edit
from spamfilter.types import Entity, Span

_L: Final = "A-Za-z0-9가-힣-"
_LABEL_BEFORE: Final = re.compile(f"[{_L}]*$")
_MAX_LABEL: Final = 63
_MAX_LABELS: Final = 8

# Every pattern here repeats one class at a time, within bounds or possessively: no input makes it go back far.
_CLUE: Final = re.compile(r"[.,。·ㆍ・‧쩜점닷]|도트|[dD][oO][tT]| [cC][oO][mM]")
_TLD_CLUE: Final = re.compile("[A-Za-z컴콤껌꼼넷국닷]")
_BRACKETED_DOT: Final = re.compile(
    r"(?=[ \[({<])(?<=[A-Za-z0-9가-힣]) ?[\[({<] ?(?:[.,。]|dot|점|쩜|닷) ?[\])}>] ?(?=[A-Za-z0-9가-힣])",
    re.IGNORECASE,
)
_TLD_SPELT: Final = r"c ?[o0] ?m|c ?o ?\.? ?k ?r|n ?e ?t|k ?r|x ?y ?z|v ?i ?p|[컴콤껌꼼넷]"
_DOT_SPELT: Final = re.compile(
    r"(?=[ .,。·ㆍ・‧쩜점닷도dD])(?P<dot> ?(?P<mark>[.,。·ㆍ・‧]|쩜|점|닷|도트|dot) ?| )"
    rf"(?P<tld>{_TLD_SPELT})(?![A-Za-z])",
    re.IGNORECASE,
)
_SPACED_LABEL: Final = re.compile(
    rf"(?=[A-Za-z0-9] )(?<![{_L}])[A-Za-z0-9](?: [A-Za-z0-9.-]){{2,40}}"
    rf"(?= ?(?:[.。]|쩜|점|닷|dot) ?(?:{_TLD_SPELT})(?![A-Za-z]))",
    re.IGNORECASE,
)
_HANGUL_TLD: Final = {"컴": "com", "콤": "com", "껌": "com", "꼼": "com", "넷": "net"}

_SCHEME: Final = r"h? ?(?:t ?t|x ?x|\* ?\*) ?p ?(?:s ?)?[:;]? ?[/\\] ?[/\\]{1,2} ?"
_ADDRESS: Final = re.compile(
    rf"(?:(?P<scheme>{_SCHEME}|(?<![:/])//)(?:[^\s/@?#]{{1,64}}@)?"
    rf"|(?<![{_L}_@])(?<![{_L}]\.)|(?<=[^A-Za-z0-9._+-]@))"
    rf"(?P<host>[{_L}]++(?:\.[{_L}]++)++)"
    r"(?P<port>:[0-9]{2,5}(?![0-9]))?"
    r"(?P<path>[/?#][A-Za-z0-9\-._~%!$&()*+,;=:@/?#]*+)?",
    re.IGNORECASE,
)
_DOT_INSIDE: Final = re.compile(rf"\.[{_L}]")
_TLD: Final = re.compile(f"xn--[a-z0-9-]++|[A-Za-z]++|{'|'.join(domains.HANGUL_TLDS)}", re.IGNORECASE)
_HANGUL_PATH: Final = re.compile(r"/[A-Za-z0-9가-힣_-]{1,40}")  # `bit.ly/치킨`
_IPV4: Final = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})")
_WWW: Final = re.compile(r"[0-9]*www[0-9]?\.")
_CORE: Final = ("com", "net", "kr", "org")
# `끝났다.com` is a joke and `했어요.net` a missing space: a host does not end as a sentence does.
_SENTENCE_ENDS: Final = ("다", "요", "까", "죠", "음")


@dataclass(frozen=True, slots=True)
class _Respelt:
    """A text with some ranges spelled plainly, and the way back: edit i made `text[starts[i]:ends[i]]`."""

    text: str
    edits: Sequence[Edit]
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> Span:
        """The range of the text before respelling behind `text[start:end]`, which is not empty."""
        return Span(self._back(start)[0], self._back(end - 1)[1])

    def _back(self, at: int) -> tuple[int, int]:
        i = bisect_right(self.starts, at) - 1
        if i < 0:
            return at, at + 1
        if at < self.ends[i]:
            return self.edits[i].start, self.edits[i].end
        old = self.edits[i].end + at - self.ends[i]
        return old, old + 1


@dataclass(frozen=True, slots=True)
class _Host:
    """Where a host stands in the text, its canonical name, and whether the match's path still belongs to it."""

    start: int
    end: int
    name: str
    takes_path: bool


def find_urls(text: str) -> Iterator[Entity]:
    """Find web addresses, with or without a scheme.

    Args:
        text: a restored text; linear in its length.

    Yields:
        Entities of kind `url` in ascending order, their spans counted in `text`, their values `https://host/path`:
        the host in lower case, without `www.`, Hangul where it was written in Punycode; the path as it was written.

    >>> [e.value for e in find_urls("bb52 점 com, 회의록 report.docx, 2024.05.03")]
    ['https://bb52.com']
    """
    if not _TLD_CLUE.search(text) or not _CLUE.search(text):
        return
    respelt = _respell(text)
    if not _DOT_INSIDE.search(respelt.text):
        return
    for match in _ADDRESS.finditer(respelt.text):
        host = _host(match)
        if host is None:
            continue
        end, tail = host.end, ""
        if host.takes_path:
            port, path = match["port"] or "", _path(match["path"] or "")
            if path == "/" and host.name in domains.SHORTENERS and (hangul := _HANGUL_PATH.match(respelt.text, end)):
                path = hangul.group()
            end += len(port) + len(path)
            tail = (port if port not in (":80", ":443") else "") + path.rstrip("/")
        start = match.start() if match["scheme"] else host.start
        yield Entity("url", f"https://{host.name}{tail}", respelt.span(start, end))


def _respell(text: str) -> _Respelt:
    """Write spelled-out dots and last labels plainly."""
    spaced = {m.end(): m for m in _SPACED_LABEL.finditer(text)}
    edits = [Edit(m.start(), m.end(), m.group().replace(" ", "")) for m in spaced.values()]
    for match in _DOT_SPELT.finditer(text):
        at = match.start()
        before = spaced.get(at) or _LABEL_BEFORE.search(text, max(0, at - _MAX_LABEL), at)
        name = before.group().replace(" ", "") if before else ""
        if _is_spelt_domain(name, match, text[match.end() : match.end() + 1]):
            edits.append(Edit(match.start(), match.end(), "." + _plain_tld(match["tld"])))
    taken = {e.start for e in edits}
    edits.extend(Edit(m.start(), m.end(), ".") for m in _BRACKETED_DOT.finditer(text) if m.start() not in taken)
    edits.sort(key=lambda e: e.start)
    return _apply(text, edits)


def _apply(text: str, edits: Sequence[Edit]) -> _Respelt:
    pieces, starts, ends = [], [], []
    at = length = 0
    for edit in edits:
        length += edit.start - at
        pieces += [text[at : edit.start], edit.reads_as]
        starts.append(length)
        length += len(edit.reads_as)
        ends.append(length)
        at = edit.end
    pieces.append(text[at:])
    return _Respelt("".join(pieces), edits, starts, ends)


def _plain_tld(spelt: str) -> str:
    if spelt in _HANGUL_TLD:
        return _HANGUL_TLD[spelt]
    letters = re.sub("[ .]", "", spelt).lower().replace("0", "o")
    return "co.kr" if letters == "cokr" else letters


def _is_spelt_domain(name: str, match: re.Match[str], following: str) -> bool:
    """Whether the label `name`, a spelled dot and a spelled last label make an address that needs respelling."""
    if not name.strip("-"):
        return False
    mark, spelt, tld = (match["mark"] or "").lower(), match["tld"], _plain_tld(match["tld"])
    latin = name[-1].isascii()
    numbered = bool(re.search("[0-9-]", name))
    ends_word = not "가" <= following <= "힣"
    if mark and mark in ".。":
        if mark == "." and match["dot"] == "." and re.fullmatch("[A-Za-z.]+", spelt):
            return False  # plain already
        sentence = match["dot"][-1] == " " and (spelt.istitle() or (tld != "com" and tld != "co.kr" and not numbered))
        return latin and not sentence and (spelt not in _HANGUL_TLD or ends_word)
    if not mark or mark in ",·ㆍ・‧":
        if " " in match["dot"]:  # `kgs75, com`, `kgs75 com`
            return spelt.lower() == "com" and bool(re.search("[a-z][0-9]|[0-9][a-z]", name, re.IGNORECASE))
        wide = tld in ("com", "co.kr") and len(name) > 2
        return latin and (wide or numbered) and spelt not in _HANGUL_TLD
    if mark == "dot":
        return latin and numbered
    return _is_hangul_dot_domain(name, match, ends_word)


def _is_hangul_dot_domain(name: str, match: re.Match[str], ends_word: bool) -> bool:
    """`쩜` is written by nobody else; `점` ends shops and marks (매점 콤보, 3점 넷); `닷컴` ends firms (한경닷컴)."""
    mark, by_ear = match["mark"], match["tld"] in _HANGUL_TLD
    spaced = " " in match["dot"]
    if name[-1].isascii():
        lettered = bool(re.search("[A-Za-z]", name))
        return mark != "점" or (lettered and (ends_word or not by_ear)) or (not by_ear and not spaced)
    if spaced:
        return False
    if mark == "쩜":
        return True
    if mark == "점":
        return ends_word
    return not by_ear or bool(re.search("[0-9]", name))


def _path(path: str) -> str:
    """The path without the sentence's own marks at its end."""
    path = path.rstrip(".,!?;:~*&(")
    return path.rstrip(").,") if ")" in path and "(" not in path else path


def _host(match: re.Match[str]) -> _Host | None:
    """The host inside a run of labels, its Korean surroundings cut away; None where the run is no address."""
    raw, offset = match["host"], match.start("host")
    scheme = match["scheme"] or ""
    typed = len(scheme) > 2 or bool(_WWW.match(raw.lower()))  # a bare // also opens a comment
    if typed and (ip := _IPV4.match(raw)) and raw[ip.end() : ip.end() + 1] not in set(".0123456789"):
        return _Host(offset, offset + ip.end(), ip.group(), ip.end() == len(raw))
    labels = raw.split(".")
    position = len(raw)
    for i in range(len(labels) - 1, 0, -1):
        position -= len(labels[i])
        tld = _tld(labels[i], labels[i - 1], typed)
        if tld:
            whole = i == len(labels) - 1 and len(tld) == len(labels[i])
            path = whole and bool(re.search("[A-Za-z0-9]", match["path"] or ""))
            short = bool(match["path"]) and _ends_in_shortener(labels[i - 1], tld)
            found = _believed(labels[max(0, i - _MAX_LABELS) : i + 1], tld, proof=bool(scheme) or path or short)
            if found is not None:
                start = position - 1 - len(found)
                return _Host(offset + start, offset + position + len(tld), _canonical(f"{found}.{tld}"), whole)
        position -= 1
    return None


def _tld(label: str, before: str, typed: bool) -> str:
    """The top-level domain that `label` starts with, as written; empty where there is none."""
    match = _TLD.match(label)
    if match is None:
        return ""
    tld, rest = match.group(), label[match.end() : match.end() + 1]
    name = tld.lower()
    if name in domains.HANGUL_TLDS:
        return "" if "가" <= rest <= "힣" else tld
    known = name in domains.PLAIN_TLDS or name in domains.WEAK_TLDS or name in domains.FILE_TLDS
    if known or name.startswith("xn--"):
        return tld if not (rest.isascii() and rest) or name in _CORE else ""
    # `bb52.comKEY:77`: what follows is glued on, seen by its capitals or by the digits of the label before.
    for core in ("com", "net"):
        if name.startswith(core) and ((tld[:3].islower() and tld[3].isupper()) or re.search("[0-9]", before)):
            return tld[:3]
    return tld if typed and 2 <= len(tld) <= 24 and not rest else ""


def _believed(labels: Sequence[str], tld: str, *, proof: bool) -> str | None:
    """The labels of the host before its top-level domain, joined; None where the address is not believed."""
    name = _own_label(labels[-2], tld.lower())
    if name is None:
        return None
    kept = [name]
    if name == labels[-2]:
        for label in reversed(labels[:-2]):
            tail = _latin_tail(label)
            if not tail.strip("-") or len(tail) > _MAX_LABEL:
                break
            kept.append(tail)
            if tail != label:
                break
    kept.reverse()
    kept[0] = kept[0].lstrip("-")
    joined = ".".join(kept)
    proof = proof or bool(_WWW.match(joined.lower() + "."))
    return joined if proof or _is_plausible(name, joined, tld) else None


def _latin_tail(label: str) -> str:
    """What follows the last Hangul syllable of a label; 64 characters, too many for a label, where none is near."""
    return re.sub(".*[가-힣]", "", label[-_MAX_LABEL - 1 :])


def _ends_in_shortener(label: str, tld: str) -> bool:
    return f"{_latin_tail(label)}.{tld}".lower() in domains.SHORTENERS


def _own_label(label: str, tld: str) -> str | None:
    """The registered label without the Korean words glued before it; None where it cannot be one."""
    tail = _latin_tail(label)
    if tail != label and not re.search("[A-Za-z]", tail):
        allowed = tld in domains.HANGUL_LABEL_TLDS or tld in domains.HANGUL_TLDS or tld.startswith("xn--")
        fits = 2 <= len(label) <= _MAX_LABEL and not label.endswith(_SENTENCE_ENDS)
        return label.lstrip("-") if allowed and fits else None
    tail = tail.lstrip("-") if tail != label else tail
    return tail if tail.strip("-") and len(tail) <= _MAX_LABEL else None


def _is_plausible(name: str, host: str, tld: str) -> bool:
    """Whether `host.tld`, its last label `name`, is meant as an address with no scheme, `www.` or path to prove it."""
    low, name = tld.lower(), name.strip("-").lower()
    if low in domains.HANGUL_TLDS:
        return low in ("한국", "닷컴") and len(name) > 1
    if not name.isascii():
        return True  # weighed by _own_label
    numbered = bool(re.search("[0-9-]", name))
    if f"{host.lower()}.{low}" in domains.PLATFORM_NAMES:
        return False
    if low in domains.PLAIN_TLDS or low.startswith("xn--"):
        if tld.istitle() and low not in _CORE and not numbered:
            return False  # `See you.Click here`
        return len(name) > 1 or (name.isalpha() and low in ("com", "kr"))
    mixed = re.search("[0-9-]", host.strip("-")) and re.search("[A-Za-z]", host)
    return low in domains.WEAK_TLDS and len(host) > 2 and bool(mixed)


def _canonical(host: str) -> str:
    """Lower case, no `www.`, Hangul instead of Punycode."""
    host = host.lower()
    bare = host[m.end() :] if (m := _WWW.match(host)) and "." in host[m.end() :] else host
    return ".".join(_unicode_label(label) for label in bare.split("."))


def _unicode_label(label: str) -> str:
    if not label.startswith("xn--") or len(label) > _MAX_LABEL:
        return label
    try:
        name = label[4:].encode("ascii").decode("punycode")
        name.encode()  # Punycode can spell lone surrogates, which no answer can carry
    except UnicodeError:
        return label
    return name if name.isprintable() else label
