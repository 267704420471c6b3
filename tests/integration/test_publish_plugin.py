"""The example of `docs/how-to/write-a-destination.md`, installed and used."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from docs_pages import write_files

PAGE = "docs/how-to/write-a-destination.md"


@pytest.fixture
def run(tmp_path, clean_env):
    """Run hatch-tilebox where the example is installed."""
    project, site = tmp_path / "tilebox-releases-in-sqlite", tmp_path / "site"
    write_files(PAGE, tmp_path)
    # hatchling stands in this environment already: the build takes no network and no environment of its own.
    options = ["-q", "--no-deps", "--no-build-isolation", "--python", sys.executable, "--target", site]
    subprocess.run([sys.executable, "-m", "uv", "pip", "install", *options, project], check=True, capture_output=True)
    env = {**clean_env, "PYTHONPATH": str(site), "HATCH_CONFIG": str(tmp_path / "none.toml")}

    def run(*arguments):
        line = [sys.executable, "-m", "hatch_tilebox", *arguments, "--json"]
        return subprocess.run(line, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    return run


def test_the_example_publishes_once_and_gives_back(run, make_release, tmp_path):
    url, path = f"sqlite://{tmp_path}/releases.db", make_release()
    with ThreadPoolExecutor(4) as pool:
        reports = [json.loads(done.stdout) for done in pool.map(lambda _: run("publish", path, "--to", url), range(4))]
    assert len({report["id"] for report in reports}) == 1
    assert [report["created"] for report in reports].count(True) == 1
    assert len(json.loads(run("releases", url).stdout)["releases"]) == 1
    assert json.loads(run("fetch", url, "--to", "got").stdout)["digest"] == reports[0]["digest"]
    assert (tmp_path / "got" / path.name).read_bytes() == path.read_bytes()


def test_its_errors_are_shown_like_ours(run, make_release, tmp_path):
    done = run("publish", make_release(), "--to", f"sqlite://{tmp_path}/no/folder/releases.db")
    assert done.returncode == 1
    assert "unable to open database file" in done.stderr
    assert "is it a database, in a folder that exists?" in done.stderr
    assert "Traceback" not in done.stderr


def test_other_urls_are_not_its_own(run, make_release, tmp_path):
    assert run("publish", make_release(), "--to", "./store").returncode == 0
    assert "'mysql://x' is not a destination" in run("publish", make_release(), "--to", "mysql://x").stderr
