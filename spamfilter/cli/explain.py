"""`spamfilter explain`: one verdict with its reasons, for a person."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spamfilter.cli.options import JsonOption, KiwiOption, ModelOption
from spamfilter.cli.terminal import LABEL_KO, LABEL_STYLE, category_name, output_console, visible
from spamfilter.engine import SpamFilter
from spamfilter.records import STDIN
from spamfilter.records.columns import json_line
from spamfilter.types import Verdict

_SPEAKS_FOR_SPAM: Final = "black on bright_red"
_SPEAKS_FOR_HAM: Final = "black on bright_green"
_UNDONE: Final = "underline"
_QUOTED_CHARS: Final = 60
_QUOTED_SPANS: Final = 3


def explain(
    text: Annotated[str, typer.Argument(help="The message; - reads it from standard input.", metavar="TEXT|-")],
    model: ModelOption = None,
    kiwi: KiwiOption = True,
    as_json: JsonOption = False,
) -> None:
    """Say what a message is, and why.

    The message is shown with the places that speak for spam in red, those that speak against it in green, and undone
    tricks underlined; then as a reader sees it, the reasons with their weights in nats, and what it points to.
    """
    if text == STDIN:
        text = sys.stdin.buffer.read().decode("utf-8", "replace").removesuffix("\n")
    verdict = SpamFilter.load(model, kiwi="wait" if kiwi else "off").classify([text])[0]
    if as_json:
        sys.stdout.buffer.write(json_line(verdict.to_dict()))
        sys.stdout.buffer.flush()
        return
    _show(output_console(), text, verdict)


def _show(console: Console, text: str, verdict: Verdict) -> None:
    head = Text()
    head.append(LABEL_KO[verdict.label], LABEL_STYLE[verdict.label])
    head.append(f"  스팸 확률 {verdict.probability:.1%} · {category_name(verdict.category)}")
    console.print(head)
    console.print(_highlighted(text, verdict), soft_wrap=True)
    if verdict.restored_text != text:
        console.print(Text("읽히는 대로: ", "bold").append(visible(verdict.restored_text), "not bold"), soft_wrap=True)
    console.print(_reasons(text, verdict))
    for entity in verdict.entities:
        written = text[entity.span.start : entity.span.end]
        line = Text(f"{entity.kind}: ", "bold").append(visible(entity.value), "not bold")
        console.print(line if written == entity.value else line.append(f"  ← {visible(written)}", "not bold dim"))
    for finding in verdict.advert:
        console.print(Text("표기 점검: ", "bold").append(finding.message, "not bold"))
    stage = "형태소" if verdict.stage == "morphemes" else "글자"
    console.print(Text(f"{stage} 단계에서 판정 · 모델 {verdict.model}", "dim"))


def _highlighted(text: str, verdict: Verdict) -> Text:
    shown = Text(visible(text))
    # The strongest is painted last, so that it stays on top.
    for reason in reversed(verdict.reasons):
        style = _UNDONE if reason.weight == 0.0 else _SPEAKS_FOR_SPAM if reason.weight > 0 else _SPEAKS_FOR_HAM
        for span in reason.spans:
            shown.stylize(style, span.start, span.end)
    return shown


def _reasons(text: str, verdict: Verdict) -> Table:
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(justify="right")
    table.add_column()
    table.add_column(style="dim")
    for reason in verdict.reasons:
        style = "red" if reason.weight > 0 else "green" if reason.weight < 0 else "dim"
        quoted = [" ".join(visible(text[s.start : s.end][:_QUOTED_CHARS]).split()) for s in reason.spans]
        more = " …" if len(quoted) > _QUOTED_SPANS else ""
        weight = Text(f"{reason.weight:+.2f}" if reason.weight else "·", style)
        table.add_row(weight, Text(reason.message), Text(" / ".join(quoted[:_QUOTED_SPANS]) + more))
    return table
