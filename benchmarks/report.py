"""A run as JSON, as a table on the terminal and as the table in `docs/benchmarks.md`: three views of one value.

    python -m benchmarks.report benchmarks/results/NAME.json     # show it, and write it into docs/benchmarks.md

No figure in that page is typed by hand; a test renders the JSON again and compares.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

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

_PACKAGES: Final = (
    "spamfilter", "numpy", "numba", "scipy", "scikit-learn", "kiwipiepy", "kiwipiepy_model", "fasttext-numpy2-wheel",
)  # fmt: skip

Result = Mapping[str, Any]


def result(
    measured: Sequence[Measured],
    split: Split,
    effort: Effort,
    *,
    created: datetime,
    seed: int,
    quick: bool,
    cores_used: int | None,
    load: float | None,
) -> dict[str, Any]:
    """Everything of a run as plain values: figures, the messages counted, machine, versions; no text, name or path."""
    rates = {m.name: median(m.rates) for m in measured}
    is_spam = np.array([m.is_spam for m in split.measured])
    what = {entry.name: entry.what for entry in PEERS}
    return {
        "format": FORMAT,
        "created": created.isoformat(timespec="seconds"),
        "seed": seed,
        "quick": quick,
        "machine": {**machine(), "cores_used": cores_used, "load_before": load},
        "versions": versions(),
        "data": split.facts,
        "effort": asdict(effort),
        "peers": [
            {
                "name": m.name,
                "what": what[m.name],
                "messages_per_s": round(rates[m.name], 1),
                "messages_per_s_by_round": [round(rate, 1) for rate in m.rates],
                "times": {base: round(rates[m.name] / rates[base], 3) for base in (NAIVE, FASTTEXT) if base in rates},
                "single_us": {f"p{q}": round(float(np.percentile(m.single_us, q)), 1) for q in (50, 99)},
                "recall": [asdict(recall_at_fpr(m.scores, is_spam, budget)) for budget in BUDGETS],
                "train_s": None if m.train_s is None else round(m.train_s, 2),
                "peak_rss_mb": None if m.peak_rss_mb is None else round(m.peak_rss_mb),
                "details": {name: round(value, 4) for name, value in m.details.items()},
            }
            for m in measured
        ],
        "skipped": [
            {"name": entry.name, "what": entry.what, "missing": list(entry.missing)}
            for entry in PEERS
            if entry.name not in rates
        ],
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
    *(f"recall at {budget:.1%} FPR\n[95 %]" for budget in BUDGETS), "training, s", "peak\nmemory, MB",
)  # fmt: skip


def rows(run: Result) -> list[list[str]]:
    """The table's rows as text, one a peer, in the order of the run."""
    return [
        [
            peer["what"],
            f"{peer['messages_per_s']:,.0f}",
            *(f"{peer['times'][base]:,.2f}" if base in peer["times"] else "-" for base in (NAIVE, FASTTEXT)),
            f"{peer['single_us']['p50']:,.0f} / {peer['single_us']['p99']:,.0f}",
            *(
                f"{p['recall']:.3f} [{p['recall_interval']['low']:.3f}, {p['recall_interval']['high']:.3f}]"
                for p in peer["recall"]
            ),
            "-" if peer["train_s"] is None else f"{peer['train_s']:,.0f}",
            "-" if peer["peak_rss_mb"] is None else f"{peer['peak_rss_mb']:,}",
        ]
        for peer in run["peers"]
    ]


def notes(run: Result) -> list[str]:
    """What a reader must know beside the table, a sentence each."""
    host, data, mix = run["machine"], run["data"], run["data"]["mix"]
    measured, train = data["measured"], data["train"]
    memory = "" if host["memory_gib"] is None else f", {host['memory_gib']} GiB"
    load = "" if host["load_before"] is None else f"; load average before the run {host['load_before']:.2f}"
    lines = [
        f"{run['created'][:10]}, {host['cpu']}, {host['cores']} cores of which {host['cores_used'] or 'all'} used{memory},"
        f" {host['system']}{load}. Seed {run['seed']}.",
        ", ".join(f"{name} {version}" for name, version in run["versions"].items()) + ".",
        f"Trained on {train['n_spam']:,} spam and {train['n_ham']:,} ham; sources: "
        + ", ".join(f"{s['source']} ({s['spam'] + s['ham']:,})" for s in data["sources"])
        + ".",
        f"Recall: {measured['n_spam']:,} spam of {' and '.join(measured['spam_sources'])} against {measured['n_ham']:,}"
        f" ham of all sources, from clusters held out ({data['held_out_share']:.0%}), at most"
        f" {measured['max_per_cluster']} messages of one.",
        f"Speed: median of {run['effort']['rounds']} rounds over {mix['n']:,} held-out messages, {mix['spam_share']:.0%}"
        f" of them spam; {mix['repeated_spam_share']:.0%} of the spam repeats another; characters "
        + ", ".join(f"{q} {n}" for q, n in mix["characters"].items())
        + ".",
    ]
    shares = {
        "second_stage_share": "{} of the mix went to Kiwi in {}.",
        "vectorising_share": "{} of the scoring time was vectorising in {}.",
    }
    lines += [
        shares[name].format(f"{value:.1%}", peer["what"])
        for peer in run["peers"]
        for name, value in peer["details"].items()
        if name in shares
    ]
    lines += [f"Left out: {s['what']}: {', '.join(s['missing'])} not installed." for s in run["skipped"]]
    if run["quick"]:
        lines.append("A quick run: it shows that everything works; its figures mean nothing.")
    return lines


def show(run: Result, console: Console) -> None:
    """The table and its notes on the terminal."""
    table = Table(*_HEAD[:1], box=None, pad_edge=False)
    for title in _HEAD[1:]:
        table.add_column(title, justify="right")
    for row in rows(run):
        table.add_row(*row)
    console.print(table)
    for note in notes(run):
        console.print(note, markup=False, highlight=False)


def markdown(run: Result, name: str) -> str:
    """The table and its notes for `docs/benchmarks.md`.

    Args:
        run: a result.
        name: of its file in `benchmarks/results/`.
    """
    lines = [
        "| " + " | ".join(title.replace("\n", " ") for title in _HEAD) + " |",
        "|---|" + "---:|" * (len(_HEAD) - 1),
        *("| " + " | ".join(row) + " |" for row in rows(run)),
        "",
        *(f"* {note}" for note in notes(run)),
        "",
        f"From `benchmarks/results/{name}`.",
    ]
    return "\n".join(lines)


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
        show(run, Console())
        write_page(run, path.name)
    except InputError as error:
        Console(stderr=True).print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    typer.run(main)
