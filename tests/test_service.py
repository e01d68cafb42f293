from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from spamfilter import SpamFilter
from spamfilter.errors import ArtifactError, NotReadyError
from spamfilter.service import SpamService
from tests.http_live import shipped


def ticking() -> Iterator[float]:
    yield 10.0
    yield 12.5


def test_a_service_gives_the_library_s_verdicts_once_it_has_loaded() -> None:
    service = SpamService(shipped, clock=ticking().__next__)
    waiting = service.state
    assert (waiting.ngrams, waiting.kiwi, waiting.model, waiting.load_s) == ("loading", "loading", None, None)
    with pytest.raises(NotReadyError, match="still loading"):
        service.check(["안녕"])
    service.load()
    ready = service.state
    assert (ready.ngrams, ready.kiwi) == ("ready", shipped().kiwi)
    assert (ready.model, ready.load_s) == (shipped().info.version, 2.5)
    texts = ["무.료.상.담 010-0000-1234", "", "내일 봐"]
    assert service.check(texts) == shipped().classify(texts)


def test_a_refused_model_leaves_a_service_that_says_so(tmp_path: Path) -> None:
    service = SpamService(lambda: SpamFilter.load(tmp_path / "no-model", kiwi="off"))
    with pytest.raises(ArtifactError):
        service.load()
    assert service.state.ngrams == service.state.kiwi == "failed"
    with pytest.raises(NotReadyError, match="refused"):
        service.require_ready()
