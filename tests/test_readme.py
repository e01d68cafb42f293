"""The examples of the documents run as they stand."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "README.ko.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES[:2], ids=lambda p: p.name)
def test_python_examples_run(page: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.S)
    assert blocks
    for block in blocks:
        exec(compile(block, str(page), "exec"), {})


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / link).exists(), f"{page.name} links to {link}"


@pytest.mark.parametrize("page", PAGES[:2], ids=lambda p: p.name)
def test_the_page_opens_with_the_two_commands(page: Path) -> None:
    head = page.read_text("utf-8")[:1200]
    assert "make serve" in head
    assert "make test" in head
    assert "pip install" in page.read_text("utf-8")


def test_documented_commands_exist() -> None:
    from typer.main import get_command

    from spamfilter.cli import app

    commands = set(getattr(get_command(app), "commands"))  # noqa: B009
    told = set(re.findall(r"^spamfilter (\w+)", "\n".join(p.read_text("utf-8") for p in PAGES), re.M))
    assert told <= commands, told - commands
