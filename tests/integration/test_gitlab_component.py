"""The GitLab component: its jobs run as GitLab runs them, on a real repository, against a stand-in for GitLab's API."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from forge_support import PROJECT, ForgeHandler, flows_repository  # noqa: F401 -- a fixture
from git_commits import git
from loopback import serving

ROOT = Path(__file__).parents[2]
TOKEN = "glpat-planted"
ME = 7
pytestmark = pytest.mark.frontends


class GitLab(ThreadingHTTPServer):
    """The part of GitLab's API about notes on one merge request."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.notes: list[dict] = []
        self.calls: list[str] = []

    def add(self, body, author=ME):
        self.notes.append({"id": len(self.notes) + 1, "body": body, "author": {"id": author}})
        return self.notes[-1]


class Handler(ForgeHandler, BaseHTTPRequestHandler):
    """Answers requests that have the token."""

    def do_GET(self):
        if self.path == "/api/v4/user":
            self.answer({"id": ME})
        else:
            page = int(re.fullmatch(r"/api/v4/projects/3/merge_requests/5/notes\?per_page=100&page=(\d+)", self.path)[1])
            self.answer(self.server.notes[100 * (page - 1) : 100 * page])

    def do_POST(self):
        assert self.path == "/api/v4/projects/3/merge_requests/5/notes"
        self.answer(self.server.add(self.body()))

    def do_PUT(self):
        note = self.server.notes[int(re.fullmatch(r"/api/v4/projects/3/merge_requests/5/notes/(\d+)", self.path)[1]) - 1]
        note["body"] = self.body()
        self.answer(note)

    def answer(self, value):
        self.send_json(200 if self.headers["PRIVATE-TOKEN"] == TOKEN else 401, value)


@pytest.fixture
def gitlab():
    with serving(GitLab()) as server:
        yield server


@pytest.fixture(scope="module")
def jobs():
    """The jobs of the component, with its inputs filled in."""
    spec, found = yaml.safe_load_all((ROOT / "templates" / "release-check.yml").read_text("utf-8"))
    values = {name: item["default"] for name, item in spec["spec"]["inputs"].items()}
    values |= {"project": PROJECT, "package": f"{ROOT}[cli]"}
    return json.loads(re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda match: values[match[1]], json.dumps(found)))


@pytest.fixture
def pipeline(repository, jobs, gitlab, clean_env, tmp_path):
    return Pipeline(repository, jobs, gitlab, clean_env, tmp_path)


class Pipeline:
    """A pipeline of a merge request: a clone, and the variables that GitLab sets."""

    def __init__(self, repository, jobs, gitlab, env, folder):
        self.base = git(repository, "rev-parse", "HEAD")
        self.workspace = folder / "workspace"
        git(folder, "clone", "-q", f"file://{repository}", self.workspace)
        self.jobs = jobs
        self.env = {
            **env,
            "CI_API_V4_URL": f"http://127.0.0.1:{gitlab.server_port}/api/v4",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": self.base,
            "CI_MERGE_REQUEST_IID": "5",
            "CI_PIPELINE_URL": "https://gitlab.example/acme/flows/-/pipelines/9",
            "CI_PROJECT_DIR": str(self.workspace),
            "CI_PROJECT_ID": "3",
            "UV_TOOL_BIN_DIR": str(folder / "tool-bin"),
            "UV_TOOL_DIR": str(folder / "tools"),
        }

    def edit(self, name, old, new):
        path = self.workspace / PROJECT / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    def run(self, job, **env):
        job = self.jobs[job]
        command = ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])]
        environment = self.env | job["variables"] | env
        return subprocess.run(
            command, env=environment, cwd=self.workspace, capture_output=True, text=True, timeout=300, check=False
        )


def test_a_breaking_change_fails_and_is_reported(pipeline, gitlab):
    pipeline.edit("scene_qa/tasks.py", "    histogram: dict[str, int]\n", "    histogram: dict[str, int]\n    strict: bool\n")
    done = pipeline.run("tilebox-release")
    assert done.returncode == 3, done.stderr
    assert "breaking without a new major version" in done.stdout
    assert "<title>scene-qa 1.2.0 → 1.2.0</title>" in (pipeline.workspace / "tilebox-report.html").read_text("utf-8")
    assert isinstance(json.loads((pipeline.workspace / "gl-code-quality-report.json").read_text()), list)
    done = pipeline.run("tilebox-note", TILEBOX_REPORT_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    (note,) = gitlab.notes
    assert note["body"].startswith("<!-- hatch-tilebox: flows/scene qa -->\n## `scene-qa 1.2.0 → 1.2.0`\n")
    assert "**Breaking without a new major version**" in note["body"]
    assert note["body"].endswith("[Pipeline](https://gitlab.example/acme/flows/-/pipelines/9)")


def test_without_a_merge_request_there_is_nothing_to_compare_with(pipeline):
    shutil.rmtree(pipeline.workspace / "releases", ignore_errors=True)
    assert pipeline.run("tilebox-release", CI_MERGE_REQUEST_DIFF_BASE_SHA="").returncode == 0
    assert "<title>scene-qa 1.2.0</title>" in (pipeline.workspace / "tilebox-report.html").read_text("utf-8")


def test_one_note_is_kept_up_to_date(pipeline, gitlab):
    for number in range(100):
        gitlab.add(f"note {number}", author=1)
    theirs = gitlab.add("<!-- hatch-tilebox: flows/scene qa --> of somebody else", author=1)
    report = pipeline.workspace / "tilebox-report.md"
    for text in ("first", "second"):
        report.write_text(text)
        assert pipeline.run("tilebox-note", TILEBOX_REPORT_TOKEN=TOKEN).returncode == 0
    assert theirs["body"].endswith("of somebody else")
    assert [note["body"].splitlines()[1] for note in gitlab.notes[101:]] == ["second"]
    assert [call for call in gitlab.calls if call != "GET"] == ["POST", "PUT"]


def test_without_a_token_or_a_report_no_note_is_written(pipeline, gitlab):
    assert pipeline.run("tilebox-note", TILEBOX_REPORT_TOKEN=TOKEN).returncode == 0
    (pipeline.workspace / "tilebox-report.md").write_text("text")
    done = pipeline.run("tilebox-note")
    assert (done.returncode, gitlab.calls) == (0, [])
    assert "TILEBOX_REPORT_TOKEN is not set" in done.stdout


def test_only_the_note_uses_the_token(jobs):
    assert [name for name, job in jobs.items() if "TOKEN" in json.dumps(job)] == ["tilebox-note"]
    assert jobs["tilebox-note"]["variables"]["GIT_STRATEGY"] == "none"


def test_the_component_is_valid(jobs, tmp_path):
    (tmp_path / "jobs.yml").write_text(json.dumps(jobs))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", tmp_path / "jobs.yml"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
