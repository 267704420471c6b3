"""Every supported Python that this machine has installs our wheel, reads the golden archive and writes the same bytes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.frontends

GOLDEN = Path(__file__).parent.parent / "unit" / "archive" / "golden"
CODE = """
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from hatch_tilebox.archive.extract import extract_archive
from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.archive.writer import write_archive
from hatch_tilebox.pipeline.verify import unpacked_files

for path in map(Path, sys.argv[1:]):
    manifest, artifact = check_archive(path)
    with TemporaryDirectory() as folder:
        extract_archive(path, Path(folder, "release"))
        again = write_archive(manifest, unpacked_files(manifest, Path(folder, "release")), Path(folder, path.name))
        assert again.sha256 == artifact.sha256
    print(artifact.sha256)
"""


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13", "3.14"])
def test_golden_archive(version, frontend_env):
    env = {**frontend_env, "UV_PYTHON_DOWNLOADS": "never"}
    if subprocess.run(["uv", "python", "find", version], env=env, check=False, capture_output=True).returncode:
        pytest.skip(f"no Python {version} on this machine")
    archives = sorted(GOLDEN.glob("*.tbrelease"))
    python = ["uv", "run", "--no-project", "--isolated", "--python", version, "--with", "hatch-tilebox", "python"]
    result = subprocess.run([*python, "-c", CODE, *archives], env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert [len(line) for line in result.stdout.split()] == [64] * len(archives)
