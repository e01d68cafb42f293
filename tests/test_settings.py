from __future__ import annotations

from pathlib import Path

import pytest

from spamfilter.errors import InputError
from spamfilter.settings import read_settings


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "PORT", "MODEL", "MAX_BATCH", "MAX_WAITING", "KIWI"):
        monkeypatch.delenv(f"SPAMFILTER_{name}", raising=False)


def test_an_operator_who_sets_nothing_serves_this_machine_only() -> None:
    settings = read_settings()
    assert (settings.host, settings.port, settings.model) == ("127.0.0.1", 8000, None)


def test_the_environment_is_read_and_an_option_wins_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPAMFILTER_PORT", "9001")
    monkeypatch.setenv("SPAMFILTER_MODEL", "models/mine")
    assert read_settings().port == 9001
    assert read_settings(port=9002, model=None).port == 9002
    assert read_settings(port=9002, model=None).model == Path("models/mine")


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPAMFILTER_MODEL", "")
    assert read_settings().model is None


@pytest.mark.parametrize(("name", "value"), [("PORT", "http"), ("PORT", "65536"), ("KIWI", "maybe")])
def test_a_bad_value_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"SPAMFILTER_{name}", value)
    with pytest.raises(InputError, match=f"SPAMFILTER_{name}: .*{value}"):
        read_settings()


def test_a_batch_that_could_never_be_admitted_is_refused() -> None:
    with pytest.raises(InputError, match=r"max_batch \(5000\) must not exceed max_waiting \(4096\)"):
        read_settings(max_batch=5000)
    assert read_settings(max_batch=5000, max_waiting=5000).max_batch == 5000
