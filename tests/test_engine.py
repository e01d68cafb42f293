"""The library: what a chat backend sees."""

import asyncio
import json
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spamfilter
from spamfilter import Category, InputError, Label, SpamFilter

HAM = [
    "오늘 저녁에 시간 되면 밥 먹자",
    "ㅋㅋㅋㅋ 그건 좀 아니지",
    "엄마 나 지금 학원 끝났어 데리러 와",
    "넵",
    "회의 3시로 옮길게요",
]
SPAM = [
    "★신규 첫충 50%★ ⓑⓑ77.example 카★지★노 바ㅋㅏ라 코드 vip7",
    "[국외발신] 고객님 택배 주소 불일치로 반송 예정입니다 확인 http://pk7.example/a",
    "무직자 당일 대ㆍ출 최대 3000만원 신용조회 x 카톡 loan0000",
]
HOSTILE = ["", " ", "!!!???", "\0", "\ud800", "가" * 20_000, "👍", "a" * 300, "\n" * 50]


def test_good_messages_pass_and_spam_does_not(spam: SpamFilter) -> None:
    assert [v.label for v in spam.classify(HAM)] == [Label.HAM] * len(HAM)
    assert all(v.label is not Label.HAM for v in spam.classify(SPAM))
    assert spam.score(SPAM).min() > spam.score(HAM).max()


def test_scores_are_float32_probabilities_in_order(spam: SpamFilter) -> None:
    scores = spam.score([*HAM, *SPAM, *HOSTILE])
    assert scores.dtype == np.float32
    assert scores.shape == (len(HAM) + len(SPAM) + len(HOSTILE),)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_a_verdict_does_not_depend_on_its_neighbours(spam: SpamFilter) -> None:
    texts = [*HAM, *SPAM, *HOSTILE]
    together = spam.classify(texts)
    assert [spam.classify([t])[0] for t in texts] == together
    assert spam.classify(texts[::-1])[::-1] == together
    assert np.array_equal(spam.score(texts), np.float32([v.probability for v in together]))
    decisions = spam.decide(texts)
    assert [decisions.label(i) for i in range(len(texts))] == [v.label for v in together]
    assert [decisions.category(i) for i in range(len(texts))] == [v.category for v in together]
    assert [decisions.stage(i) for i in range(len(texts))] == [v.stage for v in together]


def test_a_verdict_explains_itself(spam: SpamFilter) -> None:
    text = SPAM[0]
    verdict = spam.classify([text])[0]
    assert verdict.category.is_spam
    assert "카지노" in verdict.restored_text
    assert any(e.kind == "url" for e in verdict.entities)
    codes = {r.code for r in verdict.reasons}
    assert {"rest", "bias", "obfuscation.drop_separators", "obfuscation.fold_forms"} <= codes
    for reason in verdict.reasons:
        assert all(0 <= s.start < s.end <= len(text) for s in reason.spans)
    json.dumps(verdict.to_dict())


def test_the_side_of_the_category_is_that_of_the_label(spam: SpamFilter) -> None:
    for verdict in spam.classify([*HAM, *SPAM, *HOSTILE]):
        assert verdict.category.is_spam == (verdict.label is not Label.HAM)


@pytest.mark.parametrize("text", [*HAM, *SPAM, *HOSTILE])
@pytest.mark.parametrize("kiwi", ["wait", "off"])
def test_reasons_add_up_to_the_log_odds(spam: SpamFilter, text: str, kiwi: str) -> None:
    chosen = spam if kiwi == "wait" else SpamFilter.load(kiwi="off")
    explanation = chosen.explain(text)
    total = sum(r.weight for r in explanation.reasons)
    sign = 1 if explanation.named.is_spam else -1
    assert total == pytest.approx(sign * explanation.log_odds, abs=1e-2)


def test_one_word_leaves_no_rest() -> None:
    """The contributions come from the n-grams themselves: where one word is all there is, nothing is left over."""
    reasons = SpamFilter.load(kiwi="off").explain("카지노").reasons
    assert "words" in {r.code for r in reasons}
    assert next(r.weight for r in reasons if r.code == "rest") == pytest.approx(0.0, abs=0.06)


def test_aclassify_does_not_block_the_loop(spam: SpamFilter) -> None:
    async def main() -> tuple[list[spamfilter.Verdict], int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0)
                ticks += 1

        ticker = asyncio.create_task(tick())
        verdicts = await spam.aclassify(SPAM * 20)
        ticker.cancel()
        return verdicts, ticks

    verdicts, ticks = asyncio.run(main())
    assert verdicts[: len(SPAM)] == spam.classify(SPAM)
    assert ticks > 0


def test_threads_agree(spam: SpamFilter) -> None:
    expected = spam.score([*HAM, *SPAM])
    results: list[bool] = []

    def work() -> None:
        results.extend(np.array_equal(spam.score([*HAM, *SPAM]), expected) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 20


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ("한 줄", "a single str given"),
        (b"x", "a single bytes given"),
        ([1], "message 0 must be a str, got int"),
        (7, "got int"),
    ],
)
def test_the_likely_mistake_has_its_own_error(spam: SpamFilter, texts: object, sentence: str) -> None:
    for method in (spam.score, spam.classify, spam.decide):
        with pytest.raises(InputError, match=sentence):
            method(texts)  # type: ignore[operator]


def test_an_empty_batch(spam: SpamFilter) -> None:
    assert spam.score([]).shape == (0,)
    assert spam.classify([]) == []
    assert len(spam.decide([])) == 0


@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=50), max_size=4))
@settings(max_examples=40, deadline=None)
def test_any_text_gets_a_verdict(spam: SpamFilter, texts: list[str]) -> None:
    verdicts = spam.classify(texts)
    assert len(verdicts) == len(texts)
    assert all(0.0 <= v.probability <= 1.0 for v in verdicts)


def test_a_megabyte_gets_a_verdict(spam: SpamFilter) -> None:
    assert len(spam.classify(["무료 카지노 " * 150_000])) == 1


def test_without_kiwi_the_ngrams_decide() -> None:
    off = SpamFilter.load(kiwi="off")
    assert off.kiwi == "off"
    assert {v.stage for v in off.classify([*HAM, *SPAM])} == {"ngrams"}


def test_what_the_model_says_of_itself(spam: SpamFilter) -> None:
    info = spam.info.to_dict()
    json.dumps(info)
    assert set(info["kinds"]) <= {c.value for c in Category}
    assert info["policy"]["fpr"] == 0.001
    assert info["metrics"]["n_ham"] > 10_000
    assert {"telco_spam", "corpus"} <= {row["source"] for row in info["data"]}


def test_the_shipped_model_is_small_and_carries_its_card() -> None:
    folder = Path(__file__).parents[1] / "models" / "default"
    assert sum(p.stat().st_size for p in folder.iterdir()) < 8_000_000
    card = (folder / "MODEL_CARD.md").read_text("utf-8")
    assert SpamFilter.load(kiwi="off").info.version in card


def test_public_names() -> None:
    assert sorted(spamfilter.__all__) == [n for n in sorted(spamfilter.__all__) if hasattr(spamfilter, n)]
    assert len(spamfilter.__all__) <= 15


ADVERT = "(광고) 도담모바일 알뜰폰 7GB 월 9,900원 번호 그대로 유심만 바꾸세요 무료거부 080-000-2213"


def test_a_switch_is_stricter_with_a_legitimate_category_and_milder_with_a_kind_of_spam(
    spam: SpamFilter,
) -> None:
    texts = [ADVERT, SPAM[0], "오늘 저녁에 밥 먹자"]
    plain = spam.classify(texts)
    assert [v.category for v in plain][:2] == ["promotion-lawful", "gambling"]
    assert [v.label for v in plain] == ["ham", "spam", "ham"]
    switched = SpamFilter.load(switches={"promotion-lawful": "review", "gambling": "ham"})
    assert [v.label for v in switched.classify(texts)] == ["review", "ham", "ham"]
    assert switched.score(texts).tolist() == spam.score(texts).tolist()
    wrong_way = SpamFilter.load(switches={"promotion-lawful": "ham", "gambling": "spam"})
    assert [v.label for v in wrong_way.classify(texts)] == ["ham", "spam", "ham"]


@pytest.mark.parametrize(
    ("switches", "said"), [({"도박": "spam"}, "names a category"), ({"loan": "block"}, "one of ham")]
)
def test_a_switch_without_a_category_or_a_label_is_refused(switches: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        SpamFilter.load(kiwi="off", switches=switches)


def test_the_label_check_is_a_field_of_its_own_and_the_sender_learns_nothing(spam: SpamFilter) -> None:
    advert, blocked, chat = spam.classify([ADVERT, SPAM[0], "오늘 저녁에 밥 먹자"])
    assert advert.advert[0].code == "label"
    assert (blocked.advert, chat.advert) == ((), ())
    assert chat.sender_message == "" != blocked.sender_message
    assert not any(word in blocked.sender_message for word in ("카지노", "도박", "스팸", "광고", "%"))
