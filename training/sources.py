"""`sources.toml`: which public messages there are, where, under which licence, and how a raw file is read."""

from __future__ import annotations

import math
import re
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal, cast, get_args
from urllib.parse import quote

from spamfilter.errors import InputError
from spamfilter.types import Category
from training.mending import MENDS

SHIPPED: Final = Path(__file__).with_name("sources.toml")
MAX_FILE_BYTES: Final = 64 * 1024 * 1024
"""Largest raw file that may be named: a slip in `bytes` must not fill a disk."""

Format = Literal["csv", "tsv", "json", "typescript"]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_]*")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_FIELD: Final = re.compile(r"[^.\[\]{}!:]+")
_REQUIRED: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFile:
    """One file as its repository holds it, and how its rows become texts.

    Attributes:
        repository: `owner/name`.
        commit: 40 hex digits.
        path: inside the repository.
        sha256: of the whole file, 64 hex digits.
        n_bytes: its exact size.
        format: how its rows are told apart.
        text: templates over the columns, such as `{Q}`; each gives one message a row.
        columns: names of the columns; empty where the first line has them.
        header: whether the first line names the columns.
        where: values that a row must have, spaces around them aside.
        kind_field: the column with the source's own word for the kind.
        label_field: the column with `spam` or `ham`.
        items: for JSON, the list that holds the rows.
    """

    repository: str
    commit: str
    path: str
    sha256: str
    n_bytes: int
    format: Format
    text: tuple[str, ...]
    columns: tuple[str, ...]
    header: bool
    where: Mapping[str, str]
    kind_field: str | None
    label_field: str | None
    items: str

    @property
    def name(self) -> str:
        """The last part of its path."""
        return PurePosixPath(self.path).name

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns that reading it needs."""
        named = [field for template in self.text for _, field, _, _ in string.Formatter().parse(template) if field]
        return tuple(dict.fromkeys([*named, *self.where, *filter(None, (self.kind_field, self.label_field))]))

    def address(self, template: str) -> str:
        """Where to download it, its path quoted for a URL."""
        return template.format(repository=self.repository, commit=self.commit, path=quote(self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A set of messages of one origin; `sources.toml` says what the fields are.

    Attributes:
        name: also the stem of the file that it becomes.
        label: of all its messages; `both` where each says its own.
        what: one English sentence.
        repository: `owner/name` on GitHub.
        licence: as far as it is stated.
        kind: of all its messages; None where `kinds` decides or nobody knows.
        kinds: the source's own word for a kind -> ours, or None where that word tells nothing.
        kinds_by: which word of a message is looked up in `kinds`.
        mend: names of `mending.MENDS`, in the order in which they are applied.
        weight: of one message in training, above 0.
        files: raw files; empty where it comes only from a prepared folder.
        prepared_only: why it has no raw files; empty where it has.
    """

    name: str
    label: Literal["spam", "ham", "both"]
    what: str
    repository: str
    licence: str
    kind: Category | None
    kinds: Mapping[str, Category | None]
    kinds_by: Literal["kind", "label"]
    mend: tuple[str, ...]
    weight: float
    files: tuple[RawFile, ...]
    prepared_only: str

    def is_spam(self, label: object) -> bool:
        """What a message is, from its own label; a source with one label takes none as that.

        Raises:
            ValueError: if the label is neither, or not the source's.
        """
        if self.label != "both" and label in (None, self.label):
            return self.label == "spam"
        if self.label == "both" and label in ("spam", "ham"):
            return label == "spam"
        raise ValueError(f"{'spam or ham' if self.label == 'both' else self.label} expected")

    def kind_of(self, word: object, is_spam: bool) -> Category | None:
        """Our kind of a message, from the source's own word for it; None where it is to be found out.

        Raises:
            ValueError: if the source is not known to use such a word.
        """
        if not self.kinds:
            return self.kind
        if self.kinds_by == "label":
            word = "spam" if is_spam else "ham"
        if word is None or word == "":
            return None
        if isinstance(word, str) and word in self.kinds:
            return self.kinds[word]
        ours = next((kind for kind in Category if kind.value == word and kind.is_spam == is_spam), None)
        if ours is None:
            raise ValueError(f"one of {', '.join(self.kinds)} expected")
        return ours


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All sources.

    Attributes:
        address: template over `repository`, `commit` and `path` that gives a raw file's address.
        sources: in the order of the file.
    """

    address: str
    sources: tuple[Source, ...]


def load_sources(path: Path = SHIPPED) -> Catalogue:
    """Read `sources.toml`.

    Raises:
        InputError: if it cannot be read or says something that cannot be; names the source and the key.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from None
    top = _Table(document, str(path))
    address = top.text("address")
    if not address.startswith(("https://", "http://")) or not _is_template(address) or "{path}" not in address:
        raise top.fault("address", "a template of an http(s) address with {path} expected")
    sources = tuple(_source(_Table(item, f"{path}: source {i}")) for i, item in enumerate(top.tables("source"), 1))
    top.finish()
    names = [source.name for source in sources]
    if not names or len(set(names)) < len(names):
        raise InputError(f"{path}: sources with names of their own expected")
    return Catalogue(address, sources)


def _source(table: _Table) -> Source:
    name = table.text("name", matches=_NAME)
    table.where = f"{table.where} ({name})"
    label = table.choice("label", ("spam", "ham", "both"))
    repository = table.text("repository", matches=_REPOSITORY)
    kinds = {word: _category(table, "kinds", value, label) for word, value in table.mapping("kinds").items()}
    weight = table.pop("weight", 1.0)
    if not isinstance(weight, int | float) or isinstance(weight, bool) or not (weight > 0 and math.isfinite(weight)):
        raise table.fault("weight", "a number above 0 expected")
    mend = table.texts("mend")
    if unknown := set(mend) - set(MENDS):
        raise table.fault("mend", f"{sorted(unknown)} unknown, there are {', '.join(MENDS)}")
    files = tuple(
        _file(_Table(item, f"{table.where}: file {i}"), repository, label)
        for i, item in enumerate(table.tables("file"), 1)
    )
    source = Source(
        name=name,
        label=cast("Literal['spam', 'ham', 'both']", label),
        what=table.text("what"),
        repository=repository,
        licence=table.text("licence"),
        kind=_category(table, "kind", table.text("kind", ""), label),
        kinds=kinds,
        kinds_by=cast("Literal['kind', 'label']", table.choice("kinds_by", ("kind", "label"), "kind")),
        mend=mend,
        weight=float(weight),
        files=files,
        prepared_only=table.text("prepared_only", ""),
    )
    if bool(source.files) == bool(source.prepared_only):
        raise table.fault("file", "either files or a `prepared_only` that says why there are none expected")
    if source.kind is not None and source.kinds:
        raise table.fault("kind", "either `kind` or `kinds` expected, not both")
    table.finish()
    return source


def _file(table: _Table, repository: str, label: str) -> RawFile:
    n_bytes = table.pop("bytes")
    if not isinstance(n_bytes, int) or isinstance(n_bytes, bool) or not 0 < n_bytes <= MAX_FILE_BYTES:
        raise table.fault("bytes", f"a whole number from 1 to {MAX_FILE_BYTES} expected")
    header = table.pop("header", True)
    file = RawFile(
        repository=table.text("repository", repository, matches=_REPOSITORY),
        commit=table.text("commit", matches=_COMMIT),
        path=table.text("path"),
        sha256=table.text("sha256", matches=_SHA256),
        n_bytes=n_bytes,
        format=cast("Format", table.choice("format", get_args(Format))),
        text=table.texts("text"),
        columns=table.texts("columns"),
        header=header is True,
        where=table.mapping("where"),
        kind_field=table.text("kind_field", "") or None,
        label_field=table.text("label_field", "") or None,
        items=table.text("items", ""),
    )
    if not isinstance(header, bool) or not (header or file.columns):
        raise table.fault("header", "true, or false beside `columns` expected")
    if not file.text or not all(map(_is_template, file.text)) or not _has_columns(file):
        raise table.fault("text", "templates over the columns expected, such as {text}")
    if (file.format == "json") != bool(file.items):
        raise table.fault("items", "the name of the list expected for JSON, and only there")
    if (label == "both") != (file.label_field is not None):
        raise table.fault("label_field", "a column expected where the label is both, and only there")
    table.finish()
    return file


def _is_template(text: str) -> bool:
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(text) if field is not None]
    except ValueError:
        return False
    return bool(fields) and all(_FIELD.fullmatch(field) for field in fields)


def _has_columns(file: RawFile) -> bool:
    """Whether the columns that are read are among those that are named; a TypeScript file is read by one key."""
    if file.format == "typescript":
        return len(file.fields) == 1
    return not file.columns or set(file.fields) <= set(file.columns)


def _category(table: _Table, key: str, value: str, label: str) -> Category | None:
    if value == "":
        return None
    found = next((kind for kind in Category if kind.value == value), None)
    if found is None or (label != "both" and found.is_spam != (label == "spam")):
        raise table.fault(key, f"{value!r} is no kind of {label}")
    return found


class _Table:
    """A TOML table whose keys are taken one by one, so that a key that nobody knows is noticed."""

    def __init__(self, values: object, where: str) -> None:
        if not isinstance(values, dict):
            raise InputError(f"{where}: a table expected")
        self.values: dict[str, Any] = dict(values)
        self.where = where

    def fault(self, key: str, expected: str) -> InputError:
        return InputError(f"{self.where}: {key}: {expected}")

    def pop(self, key: str, default: Any = _REQUIRED) -> Any:  # noqa: ANN401 - TOML holds anything
        value = self.values.pop(key, default)
        if value is _REQUIRED:
            raise self.fault(key, "missing")
        return value

    def text(self, key: str, default: Any = _REQUIRED, *, matches: re.Pattern[str] | None = None) -> str:  # noqa: ANN401
        value = self.pop(key, default)
        if not isinstance(value, str) or (default is _REQUIRED and not value.strip()):
            raise self.fault(key, "a string expected")
        if matches is not None and not matches.fullmatch(value):
            raise self.fault(key, f"{value!r} does not look like one")
        return value

    def choice(self, key: str, choices: tuple[str, ...], default: Any = _REQUIRED) -> str:  # noqa: ANN401
        value = self.text(key, default)
        if value not in choices:
            raise self.fault(key, f"one of {', '.join(choices)} expected, got {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fault(key, "a list of strings expected")
        return tuple(value)

    def mapping(self, key: str) -> dict[str, str]:
        value = self.pop(key, {})
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise self.fault(key, "a table of strings expected")
        return value

    def tables(self, key: str) -> list[object]:
        value = self.pop(key, [])
        if not isinstance(value, list):
            raise self.fault(key, "a list of tables expected")
        return value

    def finish(self) -> None:
        if self.values:
            raise self.fault(", ".join(sorted(self.values)), "unknown")
