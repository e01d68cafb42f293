"""The benchmarks: a split that is fair, peers that work, a page that is written from its JSON."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from benchmarks import report
from benchmarks.data import REPEATED_SPAM, SPAM_SHARE, Split, divide, read_messages
from benchmarks.peers import NAIVE, PEERS, Peer, Setting
from benchmarks.timing import Effort, Measured, one_core
from spamfilter.errors import InputError
from spamfilter.learning.dataset import CORPUS, LabelledMessage
from spamfilter.learning.table import MAX_PER_CLUSTER

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "training" / "corpus"
CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EFFORT = Effort(rounds=3, min_round_s=0.0, singles=2)


@pytest.fixture(scope="module")
def messages() -> list[LabelledMessage]:
    return read_messages(FOLDER, None, seed=0, at_most=600)


@pytest.fixture(scope="module")
def split(messages: list[LabelledMessage]) -> Split:
    return divide(messages, seed=0, mix_size=50)


def campaign(n: int, source: str, cluster: str | None = None) -> list[LabelledMessage]:
    return [
        LabelledMessage(
            f"[무료체험] 신규가입 3만 지급 bb{i}.example 추천인 {i:04} 지금 바로 접속하세요",
            True,
            None,
            source,
            1.0,
            cluster,
        )
        for i in range(n)
    ]


def test_no_campaign_stands_on_both_sides(messages: list[LabelledMessage]) -> None:
    named = [
        LabelledMessage(text, True, None, "telco_spam", 1.0, "7") for text in ("가나다 라마", "ABC def", "점심 국밥")
    ]
    sides = set()
    for seed in range(8):
        found = divide([*messages, *campaign(30, "telco_spam"), *named], seed=seed, mix_size=50)
        held_out = {m.text for m in found.held_out}
        for group in (campaign(30, "telco_spam"), named):
            n_out = sum(m.text in held_out for m in group)
            assert n_out in (0, len(group))
            sides.add(n_out > 0)
        assert not held_out & {m.text for m in found.train}
        assert len(found.held_out) + len(found.train) == len(messages) + 33
    assert sides == {True, False}


def test_the_same_seed_gives_the_same_split(messages: list[LabelledMessage], split: Split) -> None:
    assert divide(messages, seed=0, mix_size=50) == split
    assert divide(messages, seed=1, mix_size=50).train != split.train


def test_recall_is_told_of_reported_spam_where_there_is_some(messages: list[LabelledMessage], split: Split) -> None:
    assert {m.source for m in split.measured} == {CORPUS}
    assert any(m.is_spam for m in split.measured)
    reported = [m for i in range(40) for m in campaign(1, "kisa_smishing", f"{i}")]
    reported = [
        replace(m, text=f"{m.text} {i * 'ㄱ'}{i * 7919 % 997} {chr(0xAC00 + i * 211)}") for i, m in enumerate(reported)
    ]
    found = divide([*messages, *reported], seed=0, mix_size=50)
    assert {m.source for m in found.measured if m.is_spam} <= {"kisa_smishing"}
    assert sum(not m.is_spam for m in found.measured) == found.facts["measured"]["n_ham"] > 0


def test_a_campaign_is_measured_ten_times_at_most(messages: list[LabelledMessage]) -> None:
    for seed in range(20):
        found = divide([*messages, *campaign(40, "telco_spam")], seed=seed, mix_size=50)
        if any(m.source == "telco_spam" for m in found.held_out):
            assert sum(m.source == "telco_spam" for m in found.measured) == MAX_PER_CLUSTER
            return
    pytest.fail("no seed held the campaign out")


def test_the_mix_has_its_spam_and_its_repeats(messages: list[LabelledMessage], split: Split) -> None:
    spam = {m.text for m in messages if m.is_spam}
    held_out = {m.text for m in split.held_out}
    assert len(split.mix) == 50
    assert set(split.mix) <= held_out
    assert sum(text in spam for text in split.mix) == round(50 * SPAM_SHARE)
    facts = split.facts["mix"]
    assert (facts["n"], facts["spam_share"]) == (50, SPAM_SHARE)
    assert facts["repeated_spam_share"] == pytest.approx(REPEATED_SPAM, abs=0.1)


def test_the_corpus_comes_without_placeholders(messages: list[LabelledMessage]) -> None:
    assert not [m for m in messages if ".example" in m.text]


def test_a_folder_that_fetch_did_not_make_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no \.jsonl file"):
        read_messages(FOLDER, tmp_path, seed=0)
    row = {"text": "무료 쿠폰", "label": "spam", "kind": "their-own-word"}
    (tmp_path / "a.jsonl").write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(InputError, match=r"training\.fetch DEST --from") as refused:
        read_messages(FOLDER, tmp_path, seed=0)
    assert "무료 쿠폰" not in str(refused.value)


def test_lone_surrogates_are_taken(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "무료 \\ud800 쿠폰", "label": "spam"}\n', encoding="utf-8")
    assert [m.text for m in read_messages(FOLDER, tmp_path, seed=0) if m.source == "a"] == ["무료 ? 쿠폰"]


def test_messages_of_one_label_are_refused() -> None:
    with pytest.raises(InputError, match="lack spam or ham"):
        divide(campaign(30, "telco_spam"), seed=0, mix_size=50)


@pytest.mark.parametrize("peer", PEERS[2:], ids=lambda peer: peer.name)
def test_a_peer_learns(peer: Peer, messages: list[LabelledMessage], tmp_path: Path) -> None:
    if peer.missing:
        pytest.skip(f"{peer.missing} not installed")
    scorer = peer.fit(Setting(tmp_path, CREATED, 0), messages)
    scores = scorer.score([m.text for m in messages])
    is_spam = np.array([m.is_spam for m in messages])
    assert scores.shape == is_spam.shape
    assert np.median(scores[is_spam]) > np.percentile(scores[~is_spam], 90)
    assert scorer.score([messages[3].text]) == pytest.approx(scores[3:4], rel=1e-4)
    assert np.isfinite(scorer.score(["", "두\n줄", "\0", "가" * 5000])).all()
    assert all(0.0 <= share <= 1.0 for share in scorer.shares([m.text for m in messages[:20]]).values())
    assert not list(tmp_path.iterdir()), "no message stays on the disk"


def test_a_peer_that_is_not_installed_is_named() -> None:
    assert Peer("x", "", PEERS[2].fit, ("json", "no_such_package")).missing == ("no_such_package",)


def test_one_core_gives_back_what_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    with one_core() as n:
        assert n == (None if cores is None else 1)
        assert os.environ["OMP_NUM_THREADS"] == os.environ["OPENBLAS_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "3"
    assert "OPENBLAS_NUM_THREADS" not in os.environ
    assert cores is None or os.sched_getaffinity(0) == cores


def a_run(split: Split) -> dict[str, Any]:
    """A result of two peers that were never measured."""
    is_spam = np.array([m.is_spam for m in split.measured])
    one = Measured(
        name=NAIVE,
        train_s=1.25,
        scores=is_spam.astype(np.float64),
        rates=(90.0, 100.0, 250.0),
        single_us=np.array([10.0, 20.0, 30.0]),
        peak_rss_mb=None,
        shares={"vectorising_share": 0.5},
    )
    two = replace(
        one, name=PEERS[0].name, train_s=None, scores=1.0 - is_spam, rates=(1000.0, 2000.0, 3000.0), shares={}
    )
    about = report.Circumstances(created=CREATED, seed=0, quick=False, cores_used=1, load_before=0.5)
    return report.result([two, one], split, EFFORT, about)


def test_a_result_says_what_was_measured(split: Split) -> None:
    ours, naive = a_run(split)["peers"]
    assert (ours["messages_per_s"], naive["messages_per_s"]) == (2000.0, 100.0)
    assert (ours["times"], naive["times"]) == ({NAIVE: 20.0}, {NAIVE: 1.0})
    assert [p["recall"] for p in naive["recall"]] == [1.0, 1.0]
    assert [p["recall"] for p in ours["recall"]] == [0.0, 0.0]
    assert naive["recall"][0]["n_spam"] == sum(m.is_spam for m in split.measured)
    assert (naive["single_us"]["p50"], ours["train_s"], naive["peak_rss_mb"]) == (20.0, None, None)
    assert {s["name"] for s in a_run(split)["skipped"]} == {p.name for p in PEERS} - {PEERS[0].name, NAIVE}


def test_a_result_is_json_and_reads_back(split: Split, tmp_path: Path) -> None:
    run = a_run(split)
    report.write(run, tmp_path / "new" / "r.json")
    assert report.read(tmp_path / "new" / "r.json") == run
    (tmp_path / "other.json").write_text('{"format": 99}', encoding="utf-8")
    for name in ("other.json", "missing.json"):
        with pytest.raises(InputError, match=name):
            report.read(tmp_path / name)


def test_the_page_gets_the_table_between_its_markers(split: Split, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n{report.BEGIN}\nold\n{report.END}\n\nRest\n", encoding="utf-8")
    report.write_page(a_run(split), "r.json", page)
    report.write_page(a_run(split), "r.json", page)
    text = page.read_text("utf-8")
    assert text.startswith("# Title\n")
    assert text.endswith("Rest\n")
    assert "old" not in text
    assert text.count("| spamfilter | 2,000 | 20.00 | - |") == 1
    assert "Left out: fasttext" in text
    page.write_text("# Title\n", encoding="utf-8")
    with pytest.raises(InputError, match="lacks"):
        report.write_page(a_run(split), "r.json", page)
    assert page.read_text("utf-8") == "# Title\n"


def test_no_figure_of_the_page_was_typed_by_hand() -> None:
    text = report.PAGE.read_text("utf-8")
    shown = text.partition(report.BEGIN)[2].partition(report.END)[0].strip()
    named = re.search(r"From `benchmarks/results/([\w.-]+)`", shown)
    if named is None:
        assert shown == "No run yet."
        return
    run = report.read(ROOT / "benchmarks" / "results" / named[1])
    assert not run["quick"]
    assert shown == report.markdown(run, named[1])


@pytest.mark.e2e
def test_a_quick_run_of_the_command(tmp_path: Path) -> None:
    out = tmp_path / "quick.json"
    command = [sys.executable, "-m", "benchmarks.run", "--quick", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    run = report.read(out)
    there = [peer.name for peer in PEERS if not peer.missing]
    assert [peer["name"] for peer in run["peers"]] == there
    for peer in run["peers"]:
        assert peer["name"] in done.stdout
        assert len(peer["messages_per_s_by_round"]) == run["effort"]["rounds"]
        assert min(peer["messages_per_s_by_round"]) > 0
        assert 0 < peer["single_us"]["p50"] <= peer["single_us"]["p99"]
        assert [p["budget"] for p in peer["recall"]] == [0.001, 0.01]
        assert all(p["fpr"] <= p["budget"] for p in peer["recall"])
        assert peer["recall"][1]["recall"] > 0.1, "flags spam before ham"
        assert (peer["train_s"] is None) == (peer["name"] == "spamfilter-ngrams")
        assert peer["times"][NAIVE] > 0
    assert {s["name"] for s in run["skipped"]} == {peer.name for peer in PEERS} - set(there)
    assert run["quick"]
    assert run["data"]["measured"]["spam_sources"] == [CORPUS]
    assert run["machine"].keys() == {"cpu", "cores", "memory_gib", "system", "cores_used", "load_before"}
    assert str(ROOT) not in out.read_text("utf-8")


def test_a_wrong_folder_is_a_sentence_and_a_status(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.run", "--quick", "--data", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "no .jsonl file in" in done.stderr
    assert "Traceback" not in done.stderr
