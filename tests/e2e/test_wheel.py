"""The built wheel alone scores a message: nothing is taken from the checkout."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.e2e


def test_the_wheel_carries_the_model(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    wheel = next(tmp_path.glob("*.whl"))
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(wheel)], check=True, capture_output=True)
    code = (
        "from spamfilter import SpamFilter; s = SpamFilter.load(); "
        "print(s.classify(['★무료★ 카★지★노 ⓑⓑ77.example'])[0].label, s.classify(['내일 봐'])[0].label)"
    )
    done = subprocess.run([python, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["spam", "ham"]
    scored = subprocess.run(
        [tmp_path / "venv" / "bin" / "spamfilter", "score", "-"],
        input="내일 봐\n",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"ham"' in scored.stdout
    refused = subprocess.run(
        [tmp_path / "venv" / "bin" / "spamfilter", "serve"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 5
    assert "pip install 'spamfilter[serve]'" in refused.stderr
