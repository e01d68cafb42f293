"""The scorer against a scripted engine: what matters here is who is scored with whom, and who fails."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator, Sequence

import pytest

from spamfilter.http.batching import MAX_TOGETHER, Scorer
from spamfilter.http.errors import ProblemError
from spamfilter.http.limits import Gate
from spamfilter.types import Category, Label, Verdict


def verdict(text: str) -> Verdict:
    return Verdict(
        label=Label.HAM,
        probability=0.0,
        category=Category.CHAT,
        reasons=(),
        restored_text=text,
        entities=(),
        advert=(),
        stage="ngrams",
        model="scripted",
    )


class Script:
    """Answers every text by itself, after `open` is set; keeps the batches it was given; chokes on "독"."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.open = threading.Event()
        self.open.set()

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        self.batches.append(list(texts))
        assert self.open.wait(10)
        if "독" in texts:
            raise ValueError("cannot score 독 within 비밀 대화")
        return [verdict(t) for t in texts]


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def scorer(script: Script) -> Iterator[Scorer]:
    scorer = Scorer(script.classify, Gate(1_000, "messages"))
    yield scorer
    script.open.set()
    scorer.close()


def test_messages_of_one_turn_are_one_batch_and_each_gets_its_own_verdict(scorer: Scorer, script: Script) -> None:
    async def ask() -> list[Verdict]:
        return await asyncio.gather(*(scorer.one(t) for t in "가나다"))

    assert [v.restored_text for v in asyncio.run(ask())] == ["가", "나", "다"]
    assert script.batches == [["가", "나", "다"]]


def test_what_arrives_while_a_batch_is_scored_gathers_up_to_a_bound(scorer: Scorer, script: Script) -> None:
    texts = [str(i) for i in range(MAX_TOGETHER + 5)]

    async def ask() -> list[Verdict]:
        script.open.clear()
        first = asyncio.create_task(scorer.one("먼저"))
        while not script.batches:
            await asyncio.sleep(0)
        rest = [asyncio.create_task(scorer.one(t)) for t in texts]
        await asyncio.sleep(0)
        script.open.set()
        return await asyncio.gather(first, *rest)

    assert [v.restored_text for v in asyncio.run(ask())] == ["먼저", *texts]
    assert [len(b) for b in script.batches] == [1, MAX_TOGETHER, 5]


def test_a_message_that_the_engine_fails_on_fails_alone_and_is_not_logged(
    scorer: Scorer, caplog: pytest.LogCaptureFixture
) -> None:
    async def ask() -> list[Verdict | BaseException]:
        return await asyncio.gather(*(scorer.one(t) for t in "가독나"), return_exceptions=True)

    with caplog.at_level(logging.DEBUG):
        first, poisoned, last = asyncio.run(ask())
    assert (first, last) == (verdict("가"), verdict("나"))
    assert isinstance(poisoned, ProblemError)
    assert poisoned.problem.code == "internal"
    assert "ValueError at test_http_batching.py" in caplog.text
    assert "독" not in caplog.text
    assert "비밀" not in caplog.text


def test_too_many_waiting_messages_are_refused_and_leave_no_trace(script: Script) -> None:
    gate = Gate(3, "messages")
    scorer = Scorer(script.classify, gate)

    async def ask() -> list[Verdict | BaseException]:
        return await asyncio.gather(*(scorer.one(t) for t in "가나다라"), return_exceptions=True)

    *admitted, refused = asyncio.run(ask())
    assert admitted == [verdict(t) for t in "가나다"]
    assert isinstance(refused, ProblemError)
    assert refused.status_code == 503
    assert gate.inside == 0
    with pytest.raises(ProblemError, match="3 messages"):
        asyncio.run(scorer.many(list("가나다라")))
    assert asyncio.run(scorer.many(list("가나다"))) == [verdict(t) for t in "가나다"]
    scorer.close()


def test_a_request_that_gave_up_does_not_disturb_its_neighbours(scorer: Scorer, script: Script) -> None:
    async def ask() -> Verdict:
        script.open.clear()
        impatient, patient = asyncio.create_task(scorer.one("가")), asyncio.create_task(scorer.one("나"))
        while not script.batches:
            await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.sleep(0)
        script.open.set()
        return await patient

    assert asyncio.run(ask()) == verdict("나")


def test_a_batch_does_not_hold_up_single_messages(scorer: Scorer, script: Script) -> None:
    async def ask() -> tuple[Verdict, list[Verdict]]:
        script.open.clear()
        batch = asyncio.create_task(scorer.many(["묶음"] * 3))
        while not script.batches:
            await asyncio.sleep(0)
        single = asyncio.create_task(scorer.one("하나"))
        while len(script.batches) < 2:
            await asyncio.sleep(0)
        assert not batch.done()
        script.open.set()
        return await single, await batch

    single, batch = asyncio.run(ask())
    assert single == verdict("하나")
    assert len(batch) == 3
