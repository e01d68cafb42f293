"""Kiwi behind its future."""

import os
import sys
import threading

import pytest

from spamfilter.errors import NotReadyError
from spamfilter.text.tokenise import MAX_CHARS, Tokeniser, shared_tokeniser


def test_a_batch_keeps_order_and_places() -> None:
    texts = ["무료 상담 받으세요", "", "😀 카지노", "\ud800 네", "\0"]
    found = shared_tokeniser().tokenise(texts)
    assert len(found) == len(texts)
    casino = next(m for m in found[2] if m.form == "카지노")
    assert (casino.tag, casino.start, casino.length) == ("NNG", 2, 3)
    assert found[1] == []


def test_the_input_is_capped() -> None:
    found = shared_tokeniser().tokenise(["가나 " * MAX_CHARS])[0]
    assert max(m.start + m.length for m in found) <= MAX_CHARS


def test_one_a_process_and_loaded_once() -> None:
    assert shared_tokeniser() is shared_tokeniser()
    tokeniser = shared_tokeniser()
    assert tokeniser.start() is tokeniser.start()
    tokeniser.start().result()
    assert tokeniser.state == "ready"


def test_threads_may_share_it() -> None:
    results: list[int] = []

    def work() -> None:
        results.append(len(shared_tokeniser().tokenise(["대출 상담", "밥 먹자"])))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [2] * 4


def test_a_kiwi_that_does_not_load_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kiwipiepy", None)
    tokeniser = Tokeniser()
    assert tokeniser.state == "off"
    with pytest.raises(NotReadyError, match="Kiwi did not load: ModuleNotFoundError"):
        tokeniser.tokenise(["가"])
    assert tokeniser.state == "failed"


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_loads_its_own() -> None:
    shared_tokeniser().tokenise(["가"])
    pid = os.fork()
    if pid == 0:
        os._exit(0 if shared_tokeniser().state == "off" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
