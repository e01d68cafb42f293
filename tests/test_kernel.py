"""The kernel: one set of numbers, whichever way it is reached."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spamfilter.learning.fit import ngram_matrix
from spamfilter.scoring import kernel, kernel_numpy
from spamfilter.scoring.hashing import NgramTable, join
from spamfilter.text.chardata import TABLE_SIZE, fold_char, fold_table

BITS = 14
STORED = np.random.default_rng(7).integers(-127, 128, (1 << BITS, 5), dtype=np.int8)
TABLE = NgramTable.of(STORED, np.array([1, 2, 3, 0.5, 0.1], np.float32))
WEIGHTS = TABLE.weights(np.arange(1 << BITS))
HOSTILE = [
    "",
    " ",
    "\0",
    "\ud800\udfff",
    "ㅋㅏ톡 ㄷ.ㅐㅊㅜㄹ",
    "ⓑⓑ52.example",
    "가" * 5000,
    "👨\u200d👩",
    "ㅏㅏㄱㅏ",
    "\U0010ffff",
]
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


def test_compiled_and_numpy_paths_give_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*HOSTILE, "오늘 저녁에 뭐 먹을까?", "무료 ★ 카지노 ⓥip"]
    rows, sums = kernel.ngram_rows(texts, BITS), kernel.ngram_sums(texts, TABLE)
    monkeypatch.setattr(kernel, "COMPILED", False)
    plain_rows, plain_sums = kernel.ngram_rows(texts, BITS), kernel.ngram_sums(texts, TABLE)
    assert np.array_equal(rows.indices, plain_rows.indices)
    assert np.array_equal(rows.indptr, plain_rows.indptr)
    assert np.array_equal(sums, plain_sums)


@given(st.lists(ANY_TEXT, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_paths_agree_on_any_text(texts: list[str]) -> None:
    rows = kernel.ngram_rows(texts, BITS)
    plain = kernel_numpy.rows(join(texts), BITS)
    assert np.array_equal(rows.indices, plain.indices)


def test_numba_may_be_missing() -> None:
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from spamfilter.scoring import kernel\n"
        "import numpy as np\n"
        "assert not kernel.COMPILED\n"
        "from spamfilter.scoring.hashing import NgramTable\n"
        "w = np.random.default_rng(7).integers(-127, 128, (1 << 14, 5), dtype=np.int8)\n"
        "t = NgramTable.of(w, np.array([1, 2, 3, 0.5, 0.1], np.float32))\n"
        "print(kernel.ngram_sums(['무료 카지노'], t)[0].tolist())\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert eval(out) == kernel.ngram_sums(["무료 카지노"], TABLE)[0].tolist()


def test_sums_are_the_product_with_the_training_matrix() -> None:
    texts = [*HOSTILE, "대출 상담 010-0000-0000"]
    assert np.abs(ngram_matrix(texts, BITS) @ WEIGHTS - kernel.ngram_sums(texts, TABLE)).max() <= 1e-4


def test_a_message_does_not_depend_on_its_batch() -> None:
    texts = [*HOSTILE, *(f"메시지 {i}" for i in range(3000))]
    together = kernel.ngram_sums(texts, TABLE)
    alone = np.concatenate([kernel.ngram_sums([t], TABLE) for t in texts[:40]])
    assert np.array_equal(together[:40], alone)
    assert np.array_equal(kernel.ngram_sums(texts[::-1], TABLE)[::-1], together)


def test_a_twisted_word_shares_its_skeleton() -> None:
    def indices(text: str) -> set[int]:
        return set(kernel.ngram_rows([text], 22).indices.tolist())

    def overlap(a: str, b: str) -> float:
        return len(indices(a) & indices(b)) / len(indices(a) | indices(b))

    assert overlap("카지노", "캬즤노") > overlap("카지노", "나무집") + 0.1
    assert overlap("대출상담", "대ㆍ출ㆍ상ㆍ담") > overlap("대출상담", "바람소리") + 0.1
    assert overlap("카톡", "ㅋㅏ톡") > overlap("카톡", "나무") + 0.05


def test_traced_ngrams_are_the_same_ngrams_with_places() -> None:
    for text in [*HOSTILE, "ㅋㅏ톡 무료"]:
        traced = kernel.traced_ngrams(text, BITS)
        assert set(traced.indices.tolist()) == set(kernel.ngram_rows([text], BITS).indices.tolist())
        assert ((traced.starts >= 0) & (traced.starts <= traced.ends) & (traced.ends <= len(text))).all()


def test_a_row_is_never_empty_and_a_batch_may_be() -> None:
    assert len(kernel.ngram_rows([""], BITS).indices) > 0
    assert kernel.ngram_rows([], BITS).indptr.tolist() == [0]
    assert kernel.ngram_sums([], TABLE).shape == (0, 5)


def test_the_sum_of_a_message_longer_than_32_bits_hold_is_exact() -> None:
    """Every row of a full table at the largest weight: 2**18 squares of 127 are more than an int32 holds."""
    bits, rng = 18, np.random.default_rng(3)
    text = "".join(map(chr, rng.integers(0x21, 0xD000, 400_000)))
    full = NgramTable.of(np.full((1 << bits, 2), 127, np.int8), np.ones(2, np.float32))
    distinct = len(kernel.ngram_rows([text], bits).indices)
    assert distinct > 1 << 17
    assert np.allclose(kernel.ngram_sums([text], full)[0], np.sqrt(distinct))


def test_a_table_holds_so_many_kinds_and_no_more() -> None:
    with pytest.raises(ValueError, match="1 to 32 kinds, got 1024 of 33"):
        NgramTable.of(np.zeros((1024, 33), np.int8), np.ones(33, np.float32))


def test_the_table_is_fold_char() -> None:
    table = fold_table()
    assert table.shape == (TABLE_SIZE,)
    for char in "aAⓐ①Ａ가ㄱ\u1100\u200b \n♥𝐀а٣":
        assert table[ord(char)] == (ord(fold_char(char)) if fold_char(char) else 0)
