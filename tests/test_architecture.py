"""A module imports only from those above it in the house; heavy packages stay behind their doors."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
ORDER = [
    "types", "errors", "settings", "text", "scoring", "model", "engine", "records", "learning",
    "campaign", "feedback", "service", "http", "integrations", "cli", "__main__",
]  # fmt: skip
TEXT_ORDER = [
    "chardata",
    "edits",
    "lexicon",
    "phonetics",
    "sounds",
    "fixers_words",
    "domains",
    "normalise",
    "phones",
    "money",
    "messengers",
    "urls",
    "entities",
    "tokenise",
    "advert",
]
DOORS = {
    "numba": {"spamfilter/scoring/kernel.py"},
    "kiwipiepy": {"spamfilter/text/tokenise.py"},
    "sklearn": {"spamfilter/learning/fit.py", "spamfilter/learning/external.py"},
    "fastapi": {"spamfilter/http/"},
    "pydantic": {"spamfilter/http/", "spamfilter/settings.py"},
    "pydantic_settings": {"spamfilter/settings.py"},
    "pyarrow": {"spamfilter/records/"},
    "matplotlib": {"spamfilter/learning/report.py", "spamfilter/learning/plots.py"},
    "phonenumbers": {"spamfilter/text/phones.py", "spamfilter/text/entities.py"},
}


def sources() -> list[Path]:
    return sorted((ROOT / "spamfilter").rglob("*.py"))


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found.add(node.module or "")
            found |= {f"{node.module}.{a.name}" for a in node.names}
    return found


def rank(parts: list[str]) -> int:
    return ORDER.index(parts[0].removesuffix(".py"))


def test_nothing_is_imported_upwards() -> None:
    wrong = []
    for path in sources():
        parts = list(path.relative_to(ROOT / "spamfilter").parts)
        if parts == ["__init__.py"]:
            continue
        for name in imports(path):
            target = name.split(".")[1:]
            if name.startswith("spamfilter.") and target[0] in ORDER and rank(target) > rank(parts):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong, wrong


def test_every_module_has_its_place() -> None:
    top = {p.relative_to(ROOT / "spamfilter").parts[0].removesuffix(".py") for p in sources()} - {"__init__"}
    assert top <= set(ORDER), f"not in the house: {top - set(ORDER)}"
    text = {p.stem for p in (ROOT / "spamfilter" / "text").glob("*.py")} - {"__init__"}
    assert text <= set(TEXT_ORDER), f"not in text/: {text - set(TEXT_ORDER)}"


def test_heavy_packages_stay_behind_their_doors() -> None:
    wrong = []
    for path in sources():
        here = path.relative_to(ROOT).as_posix()
        for name in {i.split(".")[0] for i in imports(path)} & DOORS.keys():
            if not any(here == door or (door.endswith("/") and here.startswith(door)) for door in DOORS[name]):
                wrong.append(f"{here} imports {name}")
    assert not wrong, wrong


def test_files_stay_readable() -> None:
    long = [f"{p.relative_to(ROOT)}: {n}" for p in sources() if (n := len(p.read_text("utf-8").splitlines())) > 420]
    assert not long, long


def test_scoring_reads_no_clock_and_writes_nothing() -> None:
    for part in ("text", "scoring"):
        for path in (ROOT / "spamfilter" / part).glob("*.py"):
            assert not imports(path) & {"time", "datetime", "logging", "random", "socket"}, path
