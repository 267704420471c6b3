"""The locale changes neither the release nor the rules, and never causes a traceback."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys

import pytest

pytestmark = [
    pytest.mark.runtime,
    pytest.mark.skipif(sys.platform != "linux", reason="only there a locale says how names of files are spelled"),
]

DATA, HIDDEN = "fünf-日本.txt", "größe.tmp"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture(scope="module")
def latin(tmp_path_factory):
    """Variables of a Latin-1 locale, compiled here."""
    folder = tmp_path_factory.mktemp("locales")
    command = ["localedef", "-i", "en_US", "-f", "ISO-8859-1", str(folder / "en_US.ISO-8859-1")]
    if not shutil.which("localedef") or subprocess.run(command, capture_output=True, check=False).returncode > 1:
        pytest.skip("no locale can be compiled here")
    return {"LOCPATH": str(folder), "LC_ALL": "en_US.ISO-8859-1"}


@pytest.fixture
def flow(project):
    """A project with names that are not ASCII, in patterns and ignore files, too."""
    folder = project("single_file")
    (folder / "daten-ä").mkdir()
    (folder / "daten-ä" / DATA).write_text("5\n")
    (folder / "daten-ä" / HIDDEN).write_text("6\n")
    (folder / ".gitignore").write_text("größe.*\n", encoding="utf-8")
    config = folder / "tilebox.workflow.toml"
    config.write_text(config.read_text().replace("include = [", 'include = ["daten-ä/**", '), encoding="utf-8")
    runner = folder / "runner.py"
    read = f'from pathlib import Path\n\nassert Path("daten-ä/{DATA}").read_text() == "5\\n"\n'
    runner.write_text(runner.read_text("utf-8").replace("from tilebox", f"{read}from tilebox", 1), encoding="utf-8")
    return folder


def run(folder, env, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "hatch_tilebox", *arguments], cwd=folder, env=env, capture_output=True, check=False
    )
    assert b"Traceback" not in done.stdout + done.stderr
    return done


def build(folder, clean_env, locale):
    env = {name: value for name, value in clean_env.items() if not name.startswith("LC_") and name != "LANG"}
    done = run(folder, {**env, **locale}, "build")
    assert done.returncode == 0, done.stderr
    (release,) = (folder / "dist").glob("*.tbrelease")
    return release


def test_one_release_in_every_locale(flow, clean_env, latin):
    digests = set()
    for locale in ({"LC_ALL": "C.UTF-8"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, ASCII, latin):
        release = build(flow, clean_env, locale)
        digests.add(hashlib.sha256(release.read_bytes()).hexdigest())
        release.rename(flow.parent / "kept.tbrelease")
    assert len(digests) == 1
    env = {**clean_env, **latin}
    assert run(flow, env, "verify", "../kept.tbrelease").returncode == 0
    assert run(flow, env, "extract", "../kept.tbrelease", "--to", "../out").returncode == 0
    assert (flow.parent / "out" / "daten-ä" / DATA).read_text() == "5\n"
    assert not (flow.parent / "out" / "daten-ä" / HIDDEN).exists()
    for arguments in (["check"], ["files"], ["inspect", "../kept.tbrelease"]):
        assert run(flow, env, *arguments).returncode == 0


def test_a_name_that_is_not_utf8_is_an_error_in_every_locale(flow, clean_env, latin):
    (flow / "daten-ä" / os.fsdecode(b"f\xfcnf.txt")).touch()
    for locale in ({"LC_ALL": "C.UTF-8"}, ASCII, latin):
        done = run(flow, {**clean_env, **locale}, "build")
        assert done.returncode == 1
        assert b"is not UTF-8" in done.stderr
        assert b"rename the file" in done.stderr
