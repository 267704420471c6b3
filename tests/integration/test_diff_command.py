"""`hatch-tilebox diff` on small releases: what it prints, and its exit code."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hand_made_releases import write_sbom
from output_schema import check_output

from hatch_tilebox.core.model import Task


def field(**properties):
    return {"type": "object", "properties": properties, "required": sorted(properties)}


TEXT, NUMBER = {"type": "string"}, {"type": "number"}
OLD = (Task("Check", "v1.0", field(scene=TEXT, cover=NUMBER)), Task("Ping", "v1.0", {"type": "null"}))
OPTIONAL = {**field(scene=TEXT, cover=NUMBER), "properties": {"scene": TEXT, "cover": NUMBER, "note": {**TEXT, "default": ""}}}
CHANGES = {
    "nothing": (OLD, "identical", 0),
    "compatible": ((Task("Check", "v1.1", OPTIONAL), OLD[1], Task("New", "v0.1", TEXT)), "compatible", 0),
    "gone": (OLD[:1], "breaking", 0),
    "refused input": ((Task("Check", "v1.1", field(scene=TEXT, cover=NUMBER, band=TEXT)), OLD[1]), "breaking", 3),
    "new major": ((Task("Check", "v2.0", field(scene=NUMBER)), OLD[1]), "breaking", 0),
    "lowered version": ((Task("Check", "v0.9", OLD[0].input_schema), OLD[1]), "breaking", 3),
    "unknown": ((Task("Check", "v1.1"), OLD[1]), "breaking", 0),
}


@pytest.fixture
def diff(make_release, clean_env):
    """A function that compares two releases on the command line."""

    def run(new, *arguments, sboms=(), **options):
        archives = make_release(tasks=OLD), make_release(tasks=new, **options)
        for archive, sbom in zip(archives, sboms, strict=False):
            write_sbom(archive, **sbom)
        command = [sys.executable, "-m", "hatch_tilebox", "diff", *archives, *arguments]
        env = {**clean_env, "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize("change", CHANGES)
def test_verdict_and_exit_code(change, diff):
    new, verdict, code = CHANGES[change]
    done = diff(new, "--json")
    assert done.returncode == code, done.stderr
    result = check_output("diff", done.stdout)
    assert sorted(result) == ["dependencies", "dependencies_from", "files", "tasks", "verdict"]
    assert result["verdict"] == verdict
    assert result["dependencies"] is result["dependencies_from"] is None
    assert "uv.lock is not in the release" in done.stderr


def test_components_of_two_sboms(diff):
    old = [{"name": "idna", "version": "3.1"}, {"name": "msgspec", "version": "0.19"}, {"name": "old", "version": "1"}]
    new = [{"name": "idna", "version": "3.2"}, {"name": "msgspec", "version": "0.19"}, {"name": "new", "version": "1"}]
    sboms = [{"components": old}, {"components": new}]
    result = check_output("diff", diff(OLD, "--json", sboms=sboms).stdout)
    assert result["dependencies_from"] == "sbom"
    assert result["dependencies"] == [
        {"name": "idna", "old": ["3.1"], "new": ["3.2"]},
        {"name": "new", "old": [], "new": ["1"]},
        {"name": "old", "old": ["1"], "new": []},
    ]
    done = diff(OLD, sboms=sboms)
    assert "\nDependencies (from the SBOMs)\n  ~ idna  3.1 -> 3.2\n  + new  1\n  - old  1\n" in done.stdout
    assert "warning" not in done.stderr


def test_the_sbom_of_another_archive_is_not_used(diff):
    done = diff(OLD, sboms=[{"digest": "0" * 64}, {}])
    assert "Dependencies (unknown)" in done.stdout
    assert done.stderr.count("warning[TBX521]: the SBOM is about another archive") == 1


def test_json_of_a_breaking_change(diff):
    result = json.loads(diff(CHANGES["refused input"][0], "--json", content=b"print('bye')\n").stdout)
    check, ping = result["tasks"]
    assert check == {
        "name": "Check",
        "kind": "breaking",
        "old": "v1.0",
        "new": "v1.1",
        "reasons": ["band: new and without default"],
        "doubts": [],
        "needs": "v2.0",
        "violation": True,
    }
    assert ping["kind"] == "unchanged"
    (file,) = result["files"]
    assert (file["path"], file["kind"]) == ("scene_qa/runner.py", "changed")
    assert file["old"]["sha256"] != file["new"]["sha256"]
    assert "diff" not in file


def test_json_with_text(diff):
    result = check_output("diff", diff(OLD, "--json", "--text", content=b"print('bye')\n").stdout)
    assert result["verdict"] == "compatible"
    assert result["files"][0]["diff"].splitlines()[-2:] == ["-print('hello')", "+print('bye')"]


def test_readable(diff):
    done = diff(CHANGES["refused input"][0], "--text", content=b"print('bye')\n", version="1.1.0")
    lines = done.stdout.splitlines()
    assert lines[0] == "scene-qa 1.0.0 -> scene-qa 1.1.0"
    text = done.stdout
    assert "Tasks (1 unchanged)\n  ! Check  v1.0 -> v1.1  breaking\n      band: new and without default\n" in text
    assert "      the version should be v2.0\n" in text
    assert "Files\n  ~ scene_qa/runner.py  15 B -> 13 B\n      @@ -1 +1 @@\n      -print('hello')\n      +print('bye')\n" in text
    assert "Dependencies (unknown)\n" in text
    assert lines[-1] == "breaking without a new major version: Check"


@pytest.mark.parametrize(
    ("change", "last"),
    [
        ("nothing", "identical: both have the same fingerprint"),
        ("compatible", "compatible: jobs submitted to the old release run on the new one"),
        ("gone", "breaking: jobs submitted to the old release may not run on the new one: Ping"),
    ],
)
def test_last_line(change, last, diff):
    assert diff(CHANGES[change][0], "-q").stdout.splitlines()[-1] == last


def test_a_refused_archive(clean_env, make_release, tmp_path):
    bad = tmp_path / "bad.tbrelease"
    bad.write_bytes(b"nothing")
    command = [sys.executable, "-m", "hatch_tilebox", "diff", make_release(), bad]
    done = subprocess.run(command, env=clean_env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "bad.tbrelease" in done.stderr
    assert "Traceback" not in done.stderr
