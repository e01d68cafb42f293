"""A model on disk: whole, ours and unchanged, or refused with a sentence."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from spamfilter import ArtifactError, SpamFilter
from spamfilter.learning.fit import ngram_matrix
from spamfilter.model import artifact as artifacts
from spamfilter.scoring.hashing import NgramTable
from spamfilter.scoring.kernel import ngram_rows, ngram_sums


@pytest.fixture
def copy(small_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_model, tmp_path / "model"))


def edit_manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), encoding="utf-8")


def test_what_is_saved_is_read_back(small_model: Path, tmp_path: Path) -> None:
    first = artifacts.load(small_model)
    manifest = {k: v for k, v in first.manifest.items() if k not in ("format", "format_version", "version", "arrays")}
    second = artifacts.save(tmp_path / "again", manifest, first.arrays)
    assert second.version == first.version
    assert all(np.array_equal(second.arrays[k], v) for k, v in first.arrays.items())
    assert sorted(p.name for p in (tmp_path / "again").iterdir()) == sorted(
        ["manifest.json", *(f"{k}.npy" for k in first.arrays)]
    )


def test_saving_over_a_model_keeps_its_card_and_leaves_nothing_else(copy: Path) -> None:
    (copy / "MODEL_CARD.md").write_text("card", encoding="utf-8")
    loaded = artifacts.load(copy)
    manifest = {k: v for k, v in loaded.manifest.items() if k not in ("format", "format_version", "version", "arrays")}
    artifacts.save(copy, manifest, loaded.arrays)
    assert (copy / "MODEL_CARD.md").read_text("utf-8") == "card"
    assert [p.name for p in copy.parent.iterdir()] == ["model"]


def test_saving_over_something_else_is_refused(copy: Path, tmp_path: Path) -> None:
    loaded = artifacts.load(copy)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "diary.txt").write_text("x", encoding="utf-8")
    with pytest.raises(ArtifactError, match="no model folder"):
        artifacts.save(tmp_path / "precious", {"created": "2026-01-01"}, loaded.arrays)
    assert (tmp_path / "precious" / "diary.txt").exists()


def test_a_failed_save_leaves_the_old_model(copy: Path) -> None:
    before = artifacts.load(copy).version
    with pytest.raises(ArtifactError, match="need exactly the arrays"):
        artifacts.save(copy, {"created": "2026-01-01"}, {})
    with pytest.raises(TypeError):
        artifacts.save(copy, {"created": "2026-01-01", "bad": object()}, artifacts.load(copy).arrays)
    assert artifacts.load(copy).version == before
    assert [p.name for p in copy.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("name", ["ngram_weights", "stage_two_dense", "evidence_ham"])
def test_one_flipped_byte_is_noticed(copy: Path, name: str) -> None:
    path = copy / f"{name}.npy"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ArtifactError, match=rf"{name}\.npy is not what the manifest was written for"):
        SpamFilter.load(copy, kiwi="off")


def test_a_truncated_array_is_noticed(copy: Path) -> None:
    path = copy / "ngram_bias.npy"
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ArtifactError, match="SHA-256 differs"):
        artifacts.load(copy)


def test_a_pickle_is_never_opened(copy: Path) -> None:
    import hashlib

    path = copy / "ngram_bias.npy"
    np.save(path, np.array([object()], dtype=object), allow_pickle=True)
    manifest = json.loads((copy / "manifest.json").read_text("utf-8"))
    manifest["arrays"]["ngram_bias"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"no plain \.npy array"):
        artifacts.load(copy)


def test_missing_things_are_named(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no model folder at"):
        SpamFilter.load(tmp_path / "nowhere")
    (copy / "ngram_scale.npy").unlink()
    with pytest.raises(ArtifactError, match=r"ngram_scale\.npy is missing"):
        artifacts.load(copy)
    (copy / "manifest.json").unlink()
    with pytest.raises(ArtifactError, match="half-written"):
        artifacts.load(copy)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format_version": 99}, "format version 99, this package reads 2"),
        ({"format": "other"}, "not of the format"),
        ({"kinds": ["chat", "martian"]}, "a kind that this package does not know"),
        ({"kinds": ["chat", "loan"]}, "shape"),
        ({"golden": [{"text": "가", "ngrams": 99.0, "morphemes": 0.0}]}, "golden messages"),
        ({"golden": []}, "golden messages"),
        ({"arrays": []}, "'arrays' is no object"),
    ],
)
def test_a_foreign_or_edited_manifest_is_refused(copy: Path, changes: dict[str, object], sentence: str) -> None:
    edit_manifest(copy, **changes)
    with pytest.raises(ArtifactError, match=sentence):
        SpamFilter.load(copy, kiwi="off")


def test_other_features_are_refused_by_name(copy: Path) -> None:
    features = json.loads((copy / "manifest.json").read_text("utf-8"))["features"]
    edit_manifest(copy, features=features | {"folded_orders": [1, 9]})
    with pytest.raises(ArtifactError, match=r"other features \(folded_orders\)"):
        SpamFilter.load(copy, kiwi="off")


@pytest.mark.parametrize("text", ["", "{", "[]", "\ufffd", '{"format": "spamfilter-artifact"}'])
def test_a_manifest_that_is_none_is_refused(copy: Path, text: str) -> None:
    (copy / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError):
        artifacts.load(copy)


def test_quantised_weights_come_back_closely() -> None:
    rng = np.random.default_rng(1)
    weights = (rng.standard_t(3, size=(1 << 14, 3)) * [0.1, 1.0, 10.0]).astype(np.float32)
    stored, scale = artifacts.quantise(weights)
    back = artifacts.restore_weights(stored, scale)
    assert stored.dtype == np.int8
    assert np.allclose(np.abs(back).max(axis=0), np.abs(weights).max(axis=0))
    assert (np.abs(back - weights) <= (2 * np.sqrt(np.abs(weights) * scale) + scale / 127) / 127).all()


def test_stored_weights_give_the_log_odds_of_the_fitted_ones() -> None:
    """A few n-grams stand in every message and have the largest weights: clipping them moved every score by nats."""
    texts = [
        f"{a} {b} {c}"
        for a in ("내일", "무료", "엄마")
        for b in ("카지노 쿠폰", "점심 먹자")
        for c in ("ㅋㅋ", "bb52.example")
    ]
    weights = np.random.default_rng(2).normal(scale=0.5, size=(1 << 14, 2)).astype(np.float32)
    common = set.intersection(*({*ngram_rows([t], 14).indices.tolist()} for t in texts))
    weights[sorted(common)] *= 40
    served = ngram_sums(texts, NgramTable.of(*artifacts.quantise(weights)))
    assert np.abs(served - ngram_matrix(texts, 14) @ weights).max() < 0.1
