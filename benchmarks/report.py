"""A run as JSON, as a table on the terminal and as the table in `docs/benchmarks.md`: three views of one value.

    python -m benchmarks.report benchmarks/results/NAME.json     # show it, and write it into docs/benchmarks.md

No figure in that page is typed by hand; a test renders the JSON again and compares.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.data import Split
from benchmarks.peers import FASTTEXT, NAIVE, PEERS
from benchmarks.timing import Effort, Measured
from spamfilter.errors import InputError
from spamfilter.learning.evaluate import BUDGETS, recall_at_fpr

FORMAT: Final = 1
"""Of the JSON; a reader refuses any other."""

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
BEGIN: Final = "<!-- measured: written by python -m benchmarks.run --docs, not by hand -->"
END: Final = "<!-- /measured -->"

_FILE_COLUMNS: Final = 140
_PACKAGES: Final = (
    "spamfilter", "numpy", "numba", "scipy", "scikit-learn", "kiwipiepy", "kiwipiepy_model", "fasttext-numpy2-wheel",
)  # fmt: skip

Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a run was like beside its messages.

    Attributes:
        created: when.
        seed: of everything random.
        quick: whether it only showed that everything works.
        cores_used: how many the peers had, None where the system does not tell.
        load_before: the machine's load average before it began, likewise.
    """

    created: datetime
    seed: int
    quick: bool
    cores_used: int | None
    load_before: float | None


def result(measured: Sequence[Measured], split: Split, effort: Effort, about: Circumstances) -> dict[str, Any]:
    """Everything of a run as plain values: figures, counts, machine, versions; no message, host name or path."""
    rates = {m.name: median(m.rates) for m in measured}
    is_spam = np.array([m.is_spam for m in split.measured])
    return {
        "format": FORMAT,
        "created": about.created.isoformat(timespec="seconds"),
        "seed": about.seed,
        "quick": about.quick,
        "machine": {**machine(), "cores_used": about.cores_used, "load_before": about.load_before},
        "versions": versions(),
        "data": split.facts,
        "effort": asdict(effort),
        "peers": [_figures(m, rates, is_spam) for m in measured],
        "skipped": [
            {"name": peer.name, "what": peer.what, "missing": list(peer.missing)}
            for peer in PEERS
            if peer.name not in rates
        ],
    }


def _figures(one: Measured, rates: Mapping[str, float], is_spam: npt.NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "name": one.name,
        "what": next(peer.what for peer in PEERS if peer.name == one.name),
        "messages_per_s": round(rates[one.name], 1),
        "messages_per_s_by_round": [round(rate, 1) for rate in one.rates],
        "times": {base: round(rates[one.name] / rates[base], 3) for base in (NAIVE, FASTTEXT) if base in rates},
        "single_us": {f"p{q}": round(float(np.percentile(one.single_us, q)), 1) for q in (50, 99)},
        "recall": [asdict(recall_at_fpr(one.scores, is_spam, budget)) for budget in BUDGETS],
        "train_s": None if one.train_s is None else round(one.train_s, 2),
        "peak_rss_mb": None if one.peak_rss_mb is None else round(one.peak_rss_mb),
        "shares": {name: round(value, 4) for name, value in one.shares.items()},
    }


def machine() -> dict[str, Any]:
    """What the figures depend on, and nothing that tells whose machine it is."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text("utf-8", "replace").splitlines()
        cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), cpu)
    pages = os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names else 0
    memory = pages * os.sysconf("SC_PAGE_SIZE") / 2**30 if pages > 0 else None
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gib": None if memory is None else round(memory, 1),
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """Python and the packages that the figures depend on, as far as they are installed."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


_HEAD: Final = (
    "", "messages/s", "× naive", "× fastText", "one message, µs\np50 / p99",
    *(f"recall at\n{budget:.1%} FPR" for budget in BUDGETS), "training\ns", "peak memory\nMB",
)  # fmt: skip


def rows(run: Result) -> list[list[str]]:
    """The table's rows as text, one a peer, in the order of the run."""
    return [
        [
            peer["name"],
            f"{peer['messages_per_s']:,.0f}",
            *(f"{peer['times'][base]:,.2f}" if base in peer["times"] else "-" for base in (NAIVE, FASTTEXT)),
            f"{peer['single_us']['p50']:,.0f} / {peer['single_us']['p99']:,.0f}",
            *(
                f"{p['recall']:.3f}\n[{p['recall_interval']['low']:.3f}, {p['recall_interval']['high']:.3f}]"
                for p in peer["recall"]
            ),
            "-" if peer["train_s"] is None else f"{peer['train_s']:,.0f}",
            "-" if peer["peak_rss_mb"] is None else f"{peer['peak_rss_mb']:,}",
        ]
        for peer in run["peers"]
    ]


def notes(run: Result) -> list[str]:
    """What a reader must know beside the table, a sentence or two each."""
    lines = [_on_peers(run), _on_recall(run), _on_speed(run), *_on_shares(run), _on_training(run), _on_machine(run)]
    lines += [f"Left out: {s['name']}, since {', '.join(s['missing'])} is not installed." for s in run["skipped"]]
    if run["quick"]:
        lines.append("A quick run: it shows that everything works; its figures mean nothing.")
    return lines


def _on_peers(run: Result) -> str:
    return "; ".join(f"{peer['name']}: {peer['what']}" for peer in run["peers"]) + "."


def _on_recall(run: Result) -> str:
    data, measured = run["data"], run["data"]["measured"]
    return (
        f"Recall, with its 95 % interval: {measured['n_spam']:,} spam of {' and '.join(measured['spam_sources'])}"
        f" against {measured['n_ham']:,} ham of all sources, from the {data['held_out_share']:.0%} of the clusters"
        f" that were held out, at most {measured['max_per_cluster']} messages of one."
    )


def _on_speed(run: Result) -> str:
    mix = run["data"]["mix"]
    characters = ", ".join(f"{q} {n}" for q, n in mix["characters"].items())
    return (
        f"Speed: the median of {run['effort']['rounds']} rounds over {mix['n']:,} held-out messages, of which"
        f" {mix['spam_share']:.0%} are spam; {mix['repeated_spam_share']:.0%} of the spam repeats another."
        f" Characters a message: {characters}. Single messages: the first {run['effort']['singles']:,} of these."
    )


def _on_shares(run: Result) -> list[str]:
    sentence = {
        "second_stage_share": "{} of these messages went to Kiwi in {}.",
        "vectorising_share": "{} of the scoring time is vectorising in {}.",
    }
    return [
        sentence[name].format(f"{value:.2%}", peer["name"])
        for peer in run["peers"]
        for name, value in peer["shares"].items()
    ]


def _on_training(run: Result) -> str:
    counts = run["data"]["train"]
    sources = ", ".join(f"{s['source']} {s['spam'] + s['ham']:,}" for s in run["data"]["sources"])
    return (
        f"Trained on {counts['n_spam']:,} spam and {counts['n_ham']:,} ham, the rest of the same messages: {sources}."
        " Training and peak memory are those of the process that trains and then scores."
    )


def _on_machine(run: Result) -> str:
    host = run["machine"]
    memory = "" if host["memory_gib"] is None else f", {host['memory_gib']} GiB"
    load = "" if host["load_before"] is None else f"; load average before the run {host['load_before']:.2f}"
    packages = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    return (
        f"{run['created'][:10]}, seed {run['seed']}. {host['cpu']}, {host['cores_used'] or 'all'} of"
        f" {host['cores']} cores{memory}, {host['system']}{load}. {packages}."
    )


def table_console() -> Console:
    """The standard output; where that is no terminal, wide enough for the table."""
    return Console(width=None if sys.stdout.isatty() else _FILE_COLUMNS)


def show(run: Result, console: Console) -> None:
    """The table and its notes on the terminal."""
    table = Table(box=None, pad_edge=False)
    for title in _HEAD:
        table.add_column(title, justify="right" if title else "left", no_wrap=True)
    for row in rows(run):
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
    for note in notes(run):
        console.print(note, markup=False, highlight=False)


def markdown(run: Result, name: str) -> str:
    """The table and its notes for `docs/benchmarks.md`.

    Args:
        run: a result.
        name: of its file in `benchmarks/results/`.
    """
    cells = [_HEAD, *rows(run)]
    lines = ["| " + " | ".join(cell.replace("\n", " ") for cell in row) + " |" for row in cells]
    lines.insert(1, "|---|" + "---:|" * (len(_HEAD) - 1))
    return "\n".join([*lines, "", *(f"* {note}" for note in notes(run)), "", f"From `benchmarks/results/{name}`."])


def write_page(run: Result, name: str, page: Path = PAGE) -> None:
    """Put the table between the markers of a page.

    Raises:
        InputError: if the page lacks a marker.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(f"{page.name} lacks the line {BEGIN if not begin else END!r}")
    page.write_text(f"{before}{begin}\n{markdown(run, name)}\n{end}{after}", encoding="utf-8")


def write(run: Result, path: Path) -> None:
    """Write a result as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(run, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def read(path: Path) -> dict[str, Any]:
    """Read a result.

    Raises:
        InputError: if the file is missing or no result of this format.
    """
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no result that can be read ({type(error).__name__})") from None
    if not isinstance(run, dict) or run.get("format") != FORMAT:
        raise InputError(f"{path}: a result of format {FORMAT} expected")
    return run


def main(path: Annotated[Path, typer.Argument(help="A result in benchmarks/results/.")]) -> None:
    """Show a result and write its table into docs/benchmarks.md.

    Example: python -m benchmarks.report benchmarks/results/latest.json
    """
    try:
        run = read(path)
        show(run, table_console())
        write_page(run, path.name)
    except InputError as error:
        Console(stderr=True).print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    typer.run(main)
