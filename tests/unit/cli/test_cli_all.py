"""The option `--all`: commands on all projects of a repository."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from hand_made_releases import write_release
from output_schema import check_output

from hatch_tilebox.cli.all_option import forwarded
from hatch_tilebox.cli.app import app
from hatch_tilebox.cli.side_by_side import Job, run_jobs
from hatch_tilebox.core.model import Task

PROJECT = '[project]\nname = "{name}"\nversion = "1.0.0"\nrequires-python = ">=3.10"\ndependencies = ["tilebox-workflows"]\n'
WORKFLOW = """\
[workflow]
slug = "{name}"
runner = "scene_qa.runner:runner"

[build]
include = ["pyproject.toml", "scene_qa/**"]

[targets.production]
clusters = ["eu-1"]
"""


def project(root, name, slug=None, task=None):
    """Create a project below `root`, with its release in `root/dist`."""
    folder = root / "flows" / name
    dist = root / "dist"
    dist.mkdir(exist_ok=True)
    folder.mkdir(parents=True)
    task = Task(task or f"tests.{name.title()}", "v1.0", {"type": "string"})
    write_release(folder, dist, slug=slug or name, name=name, tasks=(task,))
    (folder / "pyproject.toml").write_text(PROJECT.format(name=name))
    (folder / "tilebox.workflow.toml").write_text(WORKFLOW.format(name=slug or name))
    return folder


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with three projects and their releases."""
    for name in ("c", "a", "b"):
        project(tmp_path, name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return tmp_path


def results(result):
    """The result of each project in the JSON output, which must be as the schema says."""
    return {each["path"]: each["result"] for each in check_output("all", result.stdout)["projects"]}


PUBLISH = ("publish", "--all", "--stale", "--to", "./store")


def test_every_project_is_published_and_deployed(invoke, repository):
    result = invoke(*PUBLISH)
    assert result.exit_code == 0, result.stderr
    assert result.stderr.index("Checking 3 projects") < result.stderr.index("Publishing 3 projects")
    assert result.stderr.count("✓ flows/a  a 1.0.0") == 2
    assert result.stdout.splitlines()[-1] == "3 succeeded"
    again = invoke(*PUBLISH, "--json")
    assert results(again) == dict.fromkeys(["flows/a", "flows/b", "flows/c"], "succeeded")
    assert [each["report"]["created"] for each in json.loads(again.stdout)["projects"]] == [False] * 3
    deployed = invoke("deploy", "--all", "--target", "production", "--to", "./store", "--json")
    assert deployed.exit_code == 0, deployed.stderr
    assert [each["report"]["clusters"] for each in json.loads(deployed.stdout)["projects"]] == [["eu-1"]] * 3


def test_nothing_is_published_if_one_check_fails(invoke, repository):
    (repository / "dist/b-1.0.0.tbrelease").unlink()
    result = invoke(*PUBLISH, "--json")
    assert result.exit_code == 1
    assert results(result) == {"flows/a": "not-tried", "flows/b": "failed", "flows/c": "not-tried"}
    (error,) = json.loads(result.stdout)["projects"][1]["errors"]
    assert error["code"] == "TBX503"
    assert "✗ flows/b" in result.stderr
    assert "  error[TBX503]" in result.stderr
    assert not list(repository.glob("store/*/*"))


def test_after_a_failure_no_job_starts(tmp_path):
    jobs = [Job(tmp_path, tmp_path, ("explain", code, "--json")) for code in ("TBX001", "TBX998", "TBX002")]
    ended = []
    complete = run_jobs(jobs, 1, changed=lambda _: None, ended=lambda job, result: ended.append((job, result)), until_failure=True)
    assert complete
    assert [job for job, _ in ended] == jobs[:2]
    (_, first), (_, second) = ended
    assert (first.exit_code, second.exit_code) == (0, 2)
    assert "TBX998" in second.text


def test_the_worst_exit_code_counts(invoke, repository):
    assert invoke(*PUBLISH).exit_code == 0
    task = Task("tests.A", "v1.0", {"type": "integer"})
    write_release(repository / "flows/a", repository / "dist", slug="a", name="a", tasks=(task,), content=b"print(2)\n")
    (repository / "flows/a/pyproject.toml").write_text(PROJECT.format(name="a"))
    (repository / "dist/b-1.0.0.tbrelease").unlink()
    result = invoke(*PUBLISH, "--json")
    assert result.exit_code == 3
    assert [each["exit_code"] for each in json.loads(result.stdout)["projects"]] == [3, 1, 0]


@pytest.mark.parametrize("options", [("-C", "{root}"), ("--color", "never"), ("-q",)])
def test_common_options_after_the_command_count_for_all(invoke, repository, monkeypatch, options):
    monkeypatch.chdir(repository if options[0] != "-C" else repository.parent)
    result = invoke("check", "--all", *(option.format(root=repository) for option in options), "--json")
    assert set(results(result)) == {"flows/a", "flows/b", "flows/c"}
    assert "no such" not in result.stderr
    assert not any(error["code"] == "TBX901" for each in json.loads(result.stdout)["projects"] for error in each["errors"])
    assert all(each["report"] for each in json.loads(result.stdout)["projects"])


def test_a_relative_output_folder_is_passed_on_as_an_absolute_one(repository):
    command = app.get_command(click.Context(app), "build")
    context = command.make_context("build", ["--all", "--out", "releases", "--max-size", "1 GiB"], parent=click.Context(app))
    assert forwarded(context, set()) == ["--output-dir", str(repository / "releases"), "--max-size", "1 GiB"]


def test_two_projects_with_one_slug_or_name(invoke, repository):
    project(repository, "d", slug="a")
    (repository / "flows/d/pyproject.toml").write_text(PROJECT.format(name="B"))
    for command in ("build", "check", "verify", "publish", "deploy"):
        result = invoke(command, "--all")
        assert result.exit_code == 1
        assert "flows/a and flows/d have the same workflow slug 'a'" in result.stderr
        assert "flows/b and flows/d have the same project name 'b'" in result.stderr
        assert "✓" not in result.stderr


def test_two_projects_with_one_task_for_a_cluster(invoke, repository):
    project(repository, "d", task="tests.A")
    refused = invoke(*PUBLISH, "--deploy", "production", "--json")
    assert refused.exit_code == 1
    assert results(refused) == {"flows/a": "failed", "flows/b": "not-tried", "flows/c": "not-tried", "flows/d": "failed"}
    assert "flows/a and flows/d bring the same task 'tests.A' v1.0 to cluster 'eu-1'" in refused.stderr
    assert not list(repository.glob("store/*/*"))
    assert invoke(*PUBLISH).exit_code == 0
    refused = invoke("deploy", "--all", "--target", "production", "--to", "./store", "--json")
    assert results(refused) == {"flows/a": "failed", "flows/b": "not-tried", "flows/c": "not-tried", "flows/d": "failed"}
    clusters = json.loads(invoke("clusters", "store", "--json").stdout)["clusters"]
    assert not any(cluster["releases"] for cluster in clusters)


def test_a_dry_run_changes_nothing(invoke, repository):
    result = invoke(*PUBLISH, "--dry-run", "--json")
    assert set(results(result).values()) == {"succeeded"}
    assert "Publishing" not in result.stderr
    assert not list(repository.glob("store/*/*"))


def test_check_reports_each_project(invoke, repository):
    (repository / "flows/b/tilebox.workflow.toml").write_text("[workflow]\nslugg = 'b'\n")
    result = invoke("check", "--all", "flows", "--json", "--jobs", "3")
    assert result.exit_code == 1
    projects = {each["path"]: each for each in check_output("all", result.stdout)["projects"]}
    assert list(projects) == ["a", "b", "c"]
    assert any("slugg" in error["message"] for error in projects["b"]["errors"])
    assert projects["b"]["workflow"] is None
    quiet = invoke("check", "--all", "-qq")
    assert "Checking" not in quiet.stderr
    assert "✗ flows/b" in quiet.stderr


def test_verify_finds_the_releases(invoke, repository):
    """In `dist` of the repository, or else of the project."""
    (repository / "flows/b/dist").mkdir()
    (repository / "dist/b-1.0.0.tbrelease").rename(repository / "flows/b/dist/b-1.0.0.tbrelease")
    result = invoke("verify", "--all", "--no-run")
    assert result.exit_code == 0, result.stderr
    assert "3 succeeded" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("build", "--jobs", "2"), "--jobs is for --all"),
        (("deploy", "--all", "--release", "x"), "--release is for one project"),
        (("deploy", "."), "ROOT is for --all"),
        (("publish", "--all", "dist/a-1.0.0.tbrelease"), "is the folder of a repository"),
        (("check", "--all", "--output-format", "github"), "cannot be used with --all"),
        (("verify", "dist"), "is a directory"),
    ],
)
def test_wrong_usage(invoke, repository, arguments, message):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def runs(pid):
    """Whether the process runs: one that has ended may wait for init to collect it."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] not in "ZX"


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_signal_ends_all_processes(repository, tmp_path, signum, code):
    """The build backend of each project waits, so that all builds run when the signal arrives."""
    (tmp_path / "tmp").mkdir()
    for name in "abc":
        backend = repository / "flows" / name
        (backend / "slow.py").write_text(
            "import os, pathlib, time\n"
            f"pathlib.Path({str(tmp_path)!r}, '{name}.pid').write_text(str(os.getpid()))\ntime.sleep(60)\n"
        )
        text = PROJECT.format(name=name).replace('version = "1.0.0"', 'dynamic = ["version"]')
        (backend / "pyproject.toml").write_text(
            f'{text}[build-system]\nrequires = []\nbuild-backend = "slow"\nbackend-path = ["."]\n'
        )
    command = [sys.executable, "-m", "hatch_tilebox", "build", "--all", "--jobs", "2", "--json"]
    env = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    process = subprocess.Popen(command, cwd=repository, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while len(pids := list(tmp_path.glob("*.pid"))) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signum)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert len(pids) == 2
    assert not any(runs(pid.read_text()) for pid in pids)
    assert [path.name for path in (tmp_path / "tmp").iterdir() if path.name.startswith("hatch-tilebox-")] == []
    if signum == signal.SIGINT:
        found = [each["result"] for each in json.loads(output)["projects"]]
        assert found == ["interrupted", "interrupted", "not-tried"]
