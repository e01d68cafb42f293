"""A trained model on disk: a folder of `manifest.json` and `.npy` arrays, never a pickle.

The manifest says what the arrays mean, what they were made from and what they must answer: golden messages with
their log-odds are scored again at load, so that a package that changed its features is noticed before it is trusted.
Weights are stored as int8, companded, with one scale a kind; the loss is part of the model, since calibration and every
figure in the manifest were measured on the stored weights.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spamfilter.errors import ArtifactError
from spamfilter.scoring.cascade import FEATURES, Calibration, Cascade
from spamfilter.scoring.hashing import STEPS, NgramTable, squares
from spamfilter.scoring.policy import Evidence
from spamfilter.types import Category, groups_of

FORMAT: Final = "spamfilter-artifact"
FORMAT_VERSION: Final = 2
MANIFEST: Final = "manifest.json"
_MAX_MANIFEST_BYTES: Final = 4_000_000

Array = npt.NDArray[Any]

_ARRAYS: Final[dict[str, np.dtype[Any]]] = {
    "ngram_weights": np.dtype(np.int8),
    "ngram_scale": np.dtype(np.float32),
    "ngram_bias": np.dtype(np.float32),
    "stage_two_weights": np.dtype(np.int8),
    "stage_two_scale": np.dtype(np.float32),
    "stage_two_dense": np.dtype(np.float32),
    "stage_two_bias": np.dtype(np.float32),
    "evidence_ham": np.dtype(np.float32),
    "evidence_spam": np.dtype(np.float32),
}


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model as it lies on disk, verified.

    Attributes:
        manifest: JSON-ready; see `docs/artifact.md`.
        arrays: by name, read-only.
    """

    manifest: Mapping[str, Any]
    arrays: Mapping[str, Array]

    @property
    def version(self) -> str:
        """Date and digest, such as `2026.11.22-1a2b3c4d`."""
        return str(self.manifest["version"])

    def evidence(self) -> Evidence:
        """The held-out scores that prove a budget."""
        return Evidence(self.arrays["evidence_ham"], self.arrays["evidence_spam"])

    def cascade(self) -> Cascade:
        """The two stages, ready to score.

        Raises:
            ArtifactError: if it was trained on features that this code does not compute, or on unknown kinds.
        """
        manifest, arrays = self.manifest, self.arrays
        trained_on = {k: manifest["features"].get(k) for k in FEATURES}
        if trained_on != FEATURES:
            differing = ", ".join(k for k, v in FEATURES.items() if trained_on[k] != v)
            raise ArtifactError(f"the model was trained on other features ({differing}): train it again")
        try:
            kinds = tuple(Category(k) for k in manifest["kinds"])
        except ValueError as error:
            raise ArtifactError("the model has a kind that this package does not know") from error
        if len({k.is_spam for k in kinds}) < 2:
            raise ArtifactError("the model needs at least one kind of spam and one legitimate kind")
        calibration = {k: Calibration(*map(float, v)) for k, v in manifest["calibration"].items()}
        return Cascade(
            kinds=kinds,
            ngram_table=NgramTable.of(arrays["ngram_weights"], arrays["ngram_scale"]),
            ngram_bias=arrays["ngram_bias"],
            dense_weights=arrays["stage_two_dense"],
            morpheme_weights=restore_weights(arrays["stage_two_weights"], arrays["stage_two_scale"]),
            stage_two_bias=arrays["stage_two_bias"],
            ngrams=calibration["ngrams"],
            morphemes=calibration["morphemes"],
            ham_below=float(manifest["sure"]["ham_below"]),
            spam_above=float(manifest["sure"]["spam_above"]),
        )


def quantise(weights: npt.NDArray[np.floating[Any]]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Weights as companded int8 and the largest of each column; `restore_weights` is the way back.

    Most weights are a hundredth of the largest, and the largest stand for n-grams that nearly every message has: the
    root keeps both, where a plain scale loses the first and clipping shifts every score.

    Args:
        weights: shape (n_features, n_kinds), in nats.

    Returns:
        int8 of the same shape, and float32 (n_kinds,).
    """
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9).astype(np.float32)
    return np.rint(np.sign(weights) * np.sqrt(np.abs(weights) / scale) * STEPS).astype(np.int8), scale


def restore_weights(stored: npt.NDArray[np.int8], scale: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The weights that `quantise` stored, float32, in nats."""
    out: npt.NDArray[np.float32] = (squares(stored) * (scale.astype(np.float64) / (STEPS * STEPS))).astype(np.float32)
    return out


def check_target(folder: str | os.PathLike[str]) -> Path:
    """Where a model may be written: nowhere yet, an empty folder, or one that holds a model.

    Raises:
        ArtifactError: if something else is there.
    """
    target = Path(folder)
    if target.exists() and not (target / MANIFEST).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise ArtifactError(f"{target} exists and is no model folder; nothing was written")
    return target


def save(folder: str | os.PathLike[str], manifest: Mapping[str, Any], arrays: Mapping[str, Array]) -> Artifact:
    """Write an artifact: into a temporary folder beside it, synced, then renamed in its place.

    Args:
        folder: where it shall stand; an artifact that is already there is replaced, anything else is refused.
        manifest: without `format`, `format_version`, `version` and `arrays`, which are filled in here.
        arrays: exactly the arrays of the format.

    Raises:
        ArtifactError: if `folder` holds something else than an artifact, or an array is missing or of another type.
    """
    target = check_target(folder)
    _check_names(arrays)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        entries = {}
        for name, array in arrays.items():
            path = temporary / f"{name}.npy"
            np.save(path, np.ascontiguousarray(array), allow_pickle=False)
            entries[name] = {"sha256": _sha256(path), "shape": list(array.shape), "dtype": array.dtype.name}
        digest = hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()[:8]
        whole = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "version": f"{str(manifest['created'])[:10].replace('-', '.')}-{digest}",
            **manifest,
            "arrays": entries,
        }
        with (temporary / MANIFEST).open("w", encoding="utf-8") as file:
            json.dump(whole, file, ensure_ascii=False, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        _replace(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return load(target)


def _replace(temporary: Path, target: Path) -> None:
    """Put the new folder in the old one's place; files that are not the artifact's (a model card) move along."""
    temporary.chmod(0o755)
    if not target.exists():
        temporary.rename(target)
        return
    for extra in target.iterdir():
        if extra.name != MANIFEST and extra.suffix != ".npy":
            shutil.copy2(extra, temporary / extra.name)
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
    target.rename(aside / target.name)
    try:
        temporary.rename(target)
    except OSError:
        (aside / target.name).rename(target)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def load(folder: str | os.PathLike[str]) -> Artifact:
    """Read and verify an artifact.

    Raises:
        ArtifactError: if the folder is missing, is none of ours, has another format version, or if a file is
            missing, damaged or of another shape or type than the manifest says.
    """
    path = Path(folder)
    if not path.is_dir():
        raise ArtifactError(f"no model folder at {path}")
    manifest = _read_manifest(path / MANIFEST)
    arrays = {}
    for name, dtype in _ARRAYS.items():
        entry = manifest["arrays"].get(name)
        if not isinstance(entry, dict):
            raise ArtifactError(f"{path / MANIFEST} does not describe the array {name!r}")
        arrays[name] = _read_array(path / f"{name}.npy", entry, dtype)
    _check_shapes(path, manifest, arrays)
    return Artifact(manifest, arrays)


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MAX_MANIFEST_BYTES:
            raise ArtifactError(f"{path} is larger than {_MAX_MANIFEST_BYTES} bytes: not one of ours")
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArtifactError(f"{path} is missing: this is no model folder, or one half-written") from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ArtifactError(f"{path} cannot be read as JSON: {type(error).__name__}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArtifactError(f"{path} is not of the format {FORMAT!r}")
    if manifest.get("format_version") != FORMAT_VERSION:
        raise ArtifactError(
            f"{path} has format version {manifest.get('format_version')!r}, this package reads {FORMAT_VERSION}: "
            "train it again, or install the package that made it"
        )
    needed = {"version", "created", "kinds", "arrays", "features", "calibration", "sure", "policy", "golden"}
    missing = sorted(needed - manifest.keys())
    if missing:
        raise ArtifactError(f"{path} lacks {', '.join(missing)}")
    if not isinstance(manifest["arrays"], dict):
        raise ArtifactError(f"{path}: 'arrays' is no object")
    return manifest


def _read_array(path: Path, entry: Mapping[str, Any], dtype: np.dtype[Any]) -> Array:
    if not path.is_file():
        raise ArtifactError(f"{path} is missing")
    if _sha256(path) != entry.get("sha256"):
        raise ArtifactError(f"{path} is not what the manifest was written for (SHA-256 differs): damaged or replaced")
    try:
        array: Array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ArtifactError(f"{path} is no plain .npy array") from error
    if array.dtype != dtype or list(array.shape) != entry.get("shape"):
        raise ArtifactError(f"{path} holds {array.dtype} {array.shape}, expected {dtype} {entry.get('shape')}")
    array.flags.writeable = False
    return array


def _check_names(arrays: Mapping[str, Array]) -> None:
    if arrays.keys() != _ARRAYS.keys():
        raise ArtifactError(f"need exactly the arrays {sorted(_ARRAYS)}, got {sorted(arrays)}")
    for name, dtype in _ARRAYS.items():
        if arrays[name].dtype != dtype:
            raise ArtifactError(f"array {name!r} must be {dtype}, got {arrays[name].dtype}")


def _check_shapes(path: Path, manifest: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    try:
        groups = len(groups_of(Category(k) for k in manifest["kinds"]))
    except ValueError as error:
        raise ArtifactError("the model has a kind that this package does not know") from error
    columns = groups + len(manifest["kinds"])
    features = manifest["features"]
    expected = {
        "ngram_weights": (1 << features["ngram_bits"], columns),
        "ngram_scale": (columns,),
        "ngram_bias": (columns,),
        "stage_two_weights": (1 << features["morpheme_bits"], groups),
        "stage_two_scale": (groups,),
        "stage_two_dense": (groups + len(features["shape"]), groups),
        "stage_two_bias": (groups,),
    }
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise ArtifactError(f"{path / name}.npy has shape {arrays[name].shape}, the manifest's kinds need {shape}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
