"""`spamfilter serve` and `spamfilter model show`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from spamfilter.cli.options import JsonOption, ModelOption
from spamfilter.cli.terminal import category_name, output_console
from spamfilter.engine import ModelInfo, SpamFilter
from spamfilter.types import Category


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; by default SPAMFILTER_HOST or 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="TCP port, 0 for any free one; by default SPAMFILTER_PORT or 8000.")
    ] = None,
    model: ModelOption = None,
) -> None:
    """Serve verdicts over HTTP until SIGTERM or Ctrl-C.

    All other settings are environment variables SPAMFILTER_*, as for `python serve.py`: see docs/http.md.

    Exit codes: 0 stopped; 2 a setting is wrong; 3 the address cannot be listened on; 4 the model was refused;
    5 an optional package is missing.
    """
    from spamfilter.http import server
    from spamfilter.settings import read_settings

    raise typer.Exit(server.run(read_settings(host=host, port=port, model=model)))


model_app = typer.Typer(help="What a model says of itself.", no_args_is_help=True)


@model_app.command("show", epilog="Example: spamfilter model show my-model")
def show_model(
    path: Annotated[
        Path | None, typer.Argument(help="Model folder; by default the shipped one.", envvar="SPAMFILTER_MODEL")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify a model and show its version, data, metrics and policy.

    Exit codes: 0 the model is whole; 4 it was refused, with the reason.
    """
    info = SpamFilter.load(path, kiwi="off").info
    if as_json:
        typer.echo(json.dumps(info.to_dict(), ensure_ascii=False))
        return
    console = output_console()
    console.print(_facts(info))
    data = Table(box=None, padding=(0, 1))
    for title in ("출처", "건수", "스팸", "정상", "이용 조건"):
        data.add_column(title, justify="left" if title in ("출처", "이용 조건") else "right")
    for source in info.data:
        counts = [f"{source[name]:,}" if isinstance(source.get(name), int) else "" for name in ("rows", "spam", "ham")]
        data.add_row(Text(str(source.get("source", ""))), *counts, Text(str(source.get("licence", ""))))
    console.print(data)


def _facts(info: ModelInfo) -> Table:
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(style="bold")
    table.add_column()
    table.add_row("모델", Text(info.version))
    table.add_row("만든 때", Text(info.created))
    table.add_row("종류", Text(", ".join(category_name(Category(kind)) for kind in info.kinds)))
    for title, values in (("정책", info.policy), ("떼어 둔 평가", info.metrics)):
        for name, value in _flat(values):
            table.add_row(title, Text(f"{name} {value}"))
            title = ""
    return table


def _flat(values: Any, prefix: str = "") -> list[tuple[str, str]]:  # noqa: ANN401 (JSON of any depth)
    if not isinstance(values, dict):
        return [(prefix, f"{values:.6g}" if isinstance(values, float) else str(values))]
    return [
        pair for name, value in values.items() for pair in _flat(value, f"{prefix}.{name}" if prefix else str(name))
    ]
