"""The commands and their order."""

from __future__ import annotations

from typing import Annotated

import typer

import spamfilter
from spamfilter.cli.evaluate import evaluate
from spamfilter.cli.exits import Commands
from spamfilter.cli.explain import explain
from spamfilter.cli.learn import train
from spamfilter.cli.score import score
from spamfilter.cli.serve import model_app, serve

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    # A traceback with local variables would show messages.
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"spamfilter {spamfilter.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """A Korean spam filter: score files, explain a verdict, train and measure models, serve over HTTP."""


app.command("score", epilog="Example: spamfilter score inbox.csv -o scored.jsonl")(score)
app.command("explain", epilog='Example: spamfilter explain "카★지★노 첫충 30% 010-0000-0000"')(explain)
app.command("train", epilog="Example: spamfilter train mine.csv --with-corpus -o my-model")(train)
app.command("evaluate", epilog="Example: spamfilter evaluate labelled.jsonl --report report")(evaluate)
app.command("serve", epilog="Example: spamfilter serve --port 8080 --model my-model")(serve)
app.add_typer(model_app, name="model")


def main() -> None:
    """Run the command line; the exit codes are those of `spamfilter.cli.exits`."""
    app()
