"""Bring the public sources of `sources.toml` to a folder as labelled JSON lines: `python -m training.fetch`.

A source is downloaded, or taken from a folder that holds its raw files or its prepared `NAME.jsonl`. Every source
becomes `DEST/NAME.jsonl`, which `spamfilter.learning.dataset.read_labelled` reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from spamfilter.errors import InputError, RowError
from spamfilter.learning.dataset import LabelledMessage
from training.converters import convert_prepared, convert_raw
from training.download import FetchError, download, is_pinned, write_whole
from training.sources import MAX_FILE_BYTES, SHIPPED, Catalogue, RawFile, Source, load_sources

RAW_FOLDER: Final = "raw"
"""Where in DEST the downloaded files are kept, so that the next run fetches nothing."""

MAX_REFUSED: Final = 0.01
"""Share of a source's rows that may be refused: more says that the file is not what `sources.toml` takes it for."""

Origin = Literal["downloaded", "raw files", "prepared"]
Advance = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of one source.

    Attributes:
        source: which one.
        origin: where its rows come from.
        n_rows: how many were written.
        n_spam: how many of these are spam.
        n_repeats: rows left out because the same text had been there.
        refused: rows that could not be used.
    """

    source: Source
    origin: Origin
    n_rows: int
    n_spam: int
    n_repeats: int
    refused: tuple[RowError, ...]


@dataclass(slots=True)
class Folder:
    """A folder given by `--from`: raw files are found by their digest, whatever their names, prepared ones by name."""

    path: Path
    _by_size: dict[int, list[Path]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.path.is_dir():
            raise InputError(f"{self.path}: no such folder")
        for path in sorted(self.path.rglob("*")):
            if path.is_file():
                self._by_size.setdefault(path.stat().st_size, []).append(path)

    def raw(self, file: RawFile) -> Path | None:
        """The raw file, wherever it lies in the folder."""
        same_size = sorted(self._by_size.get(file.n_bytes, ()), key=lambda path: path.name != file.name)
        return next((path for path in same_size if is_pinned(path, file.n_bytes, file.sha256)), None)

    def prepared(self, source: Source) -> Path | None:
        """The prepared file of a source."""
        path = self.path / f"{source.name}.jsonl"
        return path if path.is_file() else None


def bring(
    source: Source,
    dest: Path,
    *,
    address: str,
    given: Folder | None = None,
    seed: int = 0,
    advance: Advance = lambda _: None,
) -> Brought:
    """Bring one source to `dest/NAME.jsonl`, written whole or not at all.

    Args:
        source: of `sources.toml`.
        dest: a folder, made where it is missing.
        address: template of a raw file's address.
        given: take the files from there and download nothing.
        seed: of the digits and values that are put into texts.
        advance: told the number of bytes of each piece that was read.

    Raises:
        FetchError: if a file is missing, cannot be reached, is another than was pinned, or cannot be written.
        InputError: if a file cannot be converted.
    """
    raw = _raw_files(source, dest, address, given, advance)
    if raw:
        origin: Origin = "downloaded" if given is None else "raw files"
        rows: Iterable[LabelledMessage | RowError] = (
            row
            for file, path in zip(source.files, raw, strict=True)
            for row in convert_raw(_read(path), str(path), source, file, seed=seed)
        )
    else:
        prepared = given.prepared(source) if given is not None else None
        if prepared is None:
            raise FetchError(_missing(source, given))
        data = _read(prepared)
        advance(len(data))
        origin, rows = "prepared", convert_prepared(data, str(prepared), source)
    return _write(source, origin, rows, dest)


def _raw_files(source: Source, dest: Path, address: str, given: Folder | None, advance: Advance) -> tuple[Path, ...]:
    """The source's raw files, all of them or none."""
    paths = []
    for file in source.files:
        if given is not None:
            found = given.raw(file)
            if found is None:
                return ()
            advance(file.n_bytes)
        else:
            # The digest in the name: two repositories may call different files the same.
            found = dest / RAW_FOLDER / f"{file.sha256[:12]}-{file.name}"
            download(file.address(address), found, n_bytes=file.n_bytes, sha256=file.sha256, advance=advance)
        paths.append(found)
    return tuple(paths)


def _missing(source: Source, given: Folder | None) -> str:
    if given is None:
        return f"{source.name}: only from a prepared folder (--from DIR): {source.prepared_only}"
    lacking = [file.name for file in source.files if given.raw(file) is None]
    raw = f" nor {' and '.join(lacking)} with the pinned SHA-256" if lacking else ""
    return f"{source.name}: {'neither' if raw else 'no'} {source.name}.jsonl{raw} in {given.path}"


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise FetchError(f"cannot read {path}: {error.strerror}") from None
    if len(data) > MAX_FILE_BYTES:
        raise FetchError(f"{path}: is larger than {MAX_FILE_BYTES} bytes")
    return data


def _write(source: Source, origin: Origin, rows: Iterable[LabelledMessage | RowError], dest: Path) -> Brought:
    kept: dict[str, LabelledMessage] = {}
    refused: list[RowError] = []
    n_repeats = 0
    for row in rows:
        if isinstance(row, RowError):
            refused.append(row)
        elif row.text in kept:
            n_repeats += 1
        else:
            kept[row.text] = row
    n_read = len(kept) + n_repeats + len(refused)
    if not kept or len(refused) > MAX_REFUSED * n_read:
        first = f", the first: {refused[0]}" if refused else ""
        raise InputError(f"{source.name}: {len(refused)} of {n_read} rows cannot be used{first}")
    write_whole(dest / f"{source.name}.jsonl", b"".join(map(_json_line, kept.values())))
    n_spam = sum(message.is_spam for message in kept.values())
    return Brought(source, origin, len(kept), n_spam, n_repeats, tuple(refused))


def _json_line(message: LabelledMessage) -> bytes:
    row: dict[str, object] = {"text": message.text, "label": "spam" if message.is_spam else "ham"}
    if message.kind is not None:
        row["kind"] = message.kind.value
    row["source"] = message.source
    if message.cluster is not None:
        row["cluster"] = message.cluster
    if message.weight != 1.0:
        row["weight"] = message.weight
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


@dataclass(slots=True)
class Run:
    """What a run over several sources came to: what was brought, what failed and why, what was left out on purpose."""

    brought: list[Brought] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def bring_all(
    sources: Sequence[Source],
    dest: Path,
    *,
    address: str,
    given: Folder | None = None,
    required: bool = False,
    seed: int = 0,
    console: Console | None = None,
) -> Run:
    """Bring sources one after the other; one that fails does not keep the others back, nor touch its earlier file.

    Args:
        sources: in this order.
        dest: a folder, made where it is missing.
        address: template of a raw file's address.
        given: take the files from there and download nothing.
        required: whether a source that has no raw files fails where there is no prepared file of it; else it is
            noted and left out.
        seed: of the digits and values that are put into texts.
        console: shows the progress; nowhere where None.
    """
    run = Run()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=console is None) as progress:
        for source in sources:
            if not (source.files or required or (given is not None and given.prepared(source))):
                run.notes.append(_missing(source, given))
                continue
            task = progress.add_task(source.name, total=sum(file.n_bytes for file in source.files) or None)
            advance = partial(progress.advance, task)
            try:
                run.brought.append(bring(source, dest, address=address, given=given, seed=seed, advance=advance))
            except (FetchError, InputError) as error:
                run.failures.append(str(error))
                progress.update(task, description=f"{source.name} failed")
            else:
                progress.update(task, total=progress.tasks[task].completed)
    return run


def _catalogue_table(sources: Sequence[Source]) -> Table:
    table = Table("source", "label", "licence", "raw files", "what", box=None, pad_edge=False)
    for source in sources:
        size = sum(file.n_bytes for file in source.files) / 1e6
        files = f"{len(source.files)}, {size:.1f} MB" if source.files else "prepared only"
        table.add_row(source.name, source.label, source.licence, files, source.what)
    return table


def _run_table(run: Run) -> Table:
    table = Table("source", box=None, pad_edge=False)
    for column in ("spam", "ham", "repeats", "refused"):
        table.add_column(column, justify="right")
    table.add_column("from")
    table.add_column("licence")
    for one in run.brought:
        counts = (one.n_spam, one.n_rows - one.n_spam, one.n_repeats, len(one.refused))
        table.add_row(one.source.name, *(f"{count:,}" for count in counts), one.origin, one.source.licence)
    return table


app = typer.Typer(add_completion=False)


@app.command()
def main(
    dest: Annotated[Path, typer.Argument(help="Folder that the labelled files go to.")] = Path("data"),
    given: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Take raw files or prepared NAME.jsonl from DIR; download nothing."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Only this source; may be given again.")
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="Show the sources and their licences, bring nothing.")] = False,
    sources: Annotated[Path, typer.Option(metavar="FILE", help="Another sources.toml.", show_default=False)] = SHIPPED,
    seed: Annotated[int, typer.Option(help="Of the digits and values that are put into texts.")] = 0,
) -> None:
    """Bring the public sources of Korean messages to DEST, as labelled JSON lines.

    Files that are in DEST/raw with the right SHA-256 are not downloaded again. Exit code: 0 when all was brought,
    1 when a source failed (the others are brought all the same), 2 for a wrong call.

    Example: python -m training.fetch data --only chatbot --only reviews
    """
    out, err = Console(), Console(stderr=True)
    try:
        catalogue = load_sources(sources)
        chosen = _chosen(catalogue, only)
        if show:
            out.print(_catalogue_table(chosen))
            return
        folder = Folder(given) if given is not None else None
        run = bring_all(
            chosen, dest, address=catalogue.address, given=folder, required=bool(only), seed=seed, console=err
        )
    except InputError as error:
        _say(err, str(error))
        raise typer.Exit(1) from None
    if run.brought:
        out.print(_run_table(run))
    for one in run.brought:
        if one.refused:
            _say(err, f"{one.source.name}: {len(one.refused)} rows left out, the first: {one.refused[0]}")
    for note in run.notes:
        _say(err, f"left out: {note}")
    for failure in run.failures:
        _say(err, f"failed: {failure}")
    if run.failures or not run.brought:
        raise typer.Exit(1)


def _chosen(catalogue: Catalogue, only: Sequence[str] | None) -> tuple[Source, ...]:
    known = {source.name for source in catalogue.sources}
    for name in only or ():
        if name not in known:
            raise typer.BadParameter(f"no source {name!r}; there are {', '.join(sorted(known))}", param_hint="--only")
    return tuple(source for source in catalogue.sources if not only or source.name in only)


def _say(console: Console, sentence: str) -> None:
    """One sentence a line, whatever the width: a wrapped path cannot be copied."""
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    app(prog_name="python -m training.fetch")
