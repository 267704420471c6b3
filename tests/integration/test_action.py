"""The GitHub action: its steps run as GitHub runs them, on a real repository, against a stand-in for GitHub's API."""

from __future__ import annotations

import json
import os
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
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
TOKEN = "ghs_planted"
REPOSITORY = "acme/flows"
BUILD, UPLOAD, COMMENT, STOP = (
    "Check, build and compare",
    "Upload the release and the report",
    "Update the comment",
    "Stop a breaking change",
)
pytestmark = pytest.mark.frontends


class GitHub(ThreadingHTTPServer):
    """The part of GitHub's API about comments. `refuse` is a status with which it answers everything that writes."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: list[dict] = []
        self.refuse = 0
        self.calls: list[str] = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, body, kind="Bot"):
        self.comments.append({"id": len(self.comments) + 1, "body": body, "user": {"type": kind}})
        return self.comments[-1]


class Handler(ForgeHandler, BaseHTTPRequestHandler):
    """Answers requests of the action, with its token only."""

    def do_GET(self):
        page = int(re.search(r"[?&]page=(\d+)", self.path)[1])
        self.answer(200, self.server.comments[100 * (page - 1) : 100 * page])

    def do_POST(self):
        body = self.body()
        self.answer(self.server.refuse or 201, {"message": "no"} if self.server.refuse else self.server.add(body))

    def do_PATCH(self):
        found = self.server.comments[int(self.path.rpartition("/")[2]) - 1]
        found["body"] = self.body()
        self.answer(200, found)

    def answer(self, status, value):
        if self.headers["Authorization"] != f"Bearer {TOKEN}" or f"/repos/{REPOSITORY}/issues/" not in self.path:
            status = 401
        self.send_json(status, value)


@pytest.fixture
def github():
    with serving(GitHub()) as server:
        yield server


class Job:
    """A job on a pull request: a shallow clone, and the variables that GitHub sets."""

    def __init__(self, repository, folder, github, env):
        self.base = git(repository, "rev-parse", "HEAD")
        self.workspace = folder / "workspace"
        git(folder, "clone", "-q", "--depth=1", f"file://{repository}", self.workspace)
        self.project = self.workspace / PROJECT
        (folder / "temp").mkdir()
        (folder / "event.json").write_text(json.dumps({"pull_request": {"number": 7, "base": {"sha": self.base}}}))
        # `uvx` would build this checkout for every step; the tests install it once.
        scripts = folder / "bin"
        scripts.mkdir()
        (scripts / "uvx").write_text(f'#!/bin/sh\nwhile [ "$1" != python ]; do shift; done\nshift\nexec "{sys.executable}" "$@"\n')
        (scripts / "uvx").chmod(0o755)
        self.env = {
            **env,
            "PATH": f"{scripts}{os.pathsep}{env['PATH']}",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": github.url,
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": "42",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(folder / "temp"),
        }
        self.folder = folder
        self.outputs: dict[str, str] = {}

    def edit(self, name, old, new):
        path = self.project / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    def run(self, **inputs):
        """Run the steps until one fails. Return what each printed, by name."""
        values = {name: spec.get("default", "") for name, spec in ACTION["inputs"].items()} | inputs
        self.printed = {}
        for step in ACTION["runs"]["steps"]:
            if "if" in step and not self.holds(step["if"], values):
                continue
            if "uses" in step:
                for path in self.fill(step["with"]["path"], values).split("\n"):
                    assert not path or Path(path.strip()).is_file()
                self.printed[step["name"]] = self.fill(step["with"]["name"], values)
                continue
            env = self.env | {name: self.fill(text, values) for name, text in step.get("env", {}).items()}
            command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]]
            done = subprocess.run(command, env=env, cwd=self.workspace, capture_output=True, text=True, timeout=300, check=False)
            self.printed[step["name"]] = done.stdout + done.stderr
            output = self.folder / "output"
            self.outputs = dict(line.split("=", 1) for line in output.read_text().splitlines()) if output.exists() else {}
            if done.returncode:
                return step["name"]
        return None

    def fill(self, text, values):
        known = {f"inputs.{name}": self.fill(value, {}) for name, value in values.items()}
        known |= {f"steps.build.outputs.{name}": value for name, value in self.outputs.items()}
        known |= {"github.token": TOKEN, "github.event.pull_request.base.sha": self.base}
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: known[match[1]], text)

    def holds(self, condition, values):
        known = {"inputs.comment": values["comment"], "github.event_name": "pull_request"}
        known["steps.build.outputs.undeclared"] = self.outputs.get("undeclared", "")
        return all(known[part.split(" == ")[0]] == part.split(" == ")[1].strip("'") for part in condition.split(" && "))


@pytest.fixture
def job(repository, tmp_path, github, clean_env):
    return Job(repository, tmp_path, github, clean_env)


def test_a_compatible_change(job, github):
    job.edit("scene_qa/tasks.py", 'CheckScene", "v1.0"', 'CheckScene", "v1.1"')
    assert job.run(project=PROJECT) is None, job.printed
    assert (job.outputs["verdict"], job.outputs["undeclared"]) == ("compatible", "false")
    assert job.printed[UPLOAD] == "tilebox-release-scene_qa-1.2.0"
    (comment,) = github.comments
    assert comment["body"].startswith("<!-- hatch-tilebox: flows/scene qa -->\n## `scene-qa 1.2.0 → 1.2.0`\n\n**Compatible**")
    assert "(https://github.example/acme/flows/actions/runs/42#artifacts)" in comment["body"]
    assert "**Compatible**" in (job.folder / "summary").read_text()
    assert git(job.workspace, "worktree", "list").count("\n") == 0
    # The next run changes the same comment, and one without changes writes nothing.
    job.edit("scene_qa/tasks.py", 'Classify", "v2.0"', 'Classify", "v2.1"')
    github.add("<!-- hatch-tilebox: other --> another project")
    assert job.run(project=PROJECT) is None
    assert (len(github.comments), github.calls[-1]) == (2, "PATCH")
    assert "`tilebox.com/scene-qa/Classify`" in github.comments[0]["body"]
    github.calls.clear()
    assert job.run(project=PROJECT) is None
    assert github.calls == ["GET"]


def test_a_breaking_change_fails_after_the_comment(job, github):
    job.edit("scene_qa/tasks.py", "    histogram: dict[str, int]\n", "    histogram: dict[str, int]\n    strict: bool\n")
    assert job.run(project=PROJECT) == STOP
    assert "::error::Tasks reject input" in job.printed[STOP]
    assert "**Breaking without a new major version**" in github.comments[0]["body"]
    assert "`strict: new and without default`" in (job.folder / "summary").read_text()
    assert TOKEN not in "".join(job.printed.values())


def test_problems_are_annotated(job, github):
    job.edit("tilebox.workflow.toml", "include", "inclde")
    assert job.run(project=PROJECT) == BUILD
    assert re.search(r"^::error file=flows/scene qa/tilebox.workflow.toml,line=\d+", job.printed[BUILD], re.MULTILINE)
    assert github.calls == []


def test_a_new_project_has_nothing_to_compare_with(job, github):
    shutil.copytree(job.project, job.workspace / "flows" / "new")
    assert job.run(project="flows/new") is None
    assert job.outputs["verdict"] == ""
    assert github.comments[0]["body"].startswith("<!-- hatch-tilebox: flows/new -->\n## `scene-qa 1.2.0`\n")


def test_a_base_that_cannot_be_built_is_a_warning(job):
    job.base = "0" * 40
    assert job.run(project=PROJECT, comment="false") is None
    assert "::warning::The release to compare with is not available" in job.printed[BUILD]
    assert COMMENT not in job.printed


def test_the_latest_published_release(job):
    store = job.folder / "store"
    steps = (
        f'cd "{job.project}" && hatch-tilebox build -q --out ../../../out && hatch-tilebox publish -q ../../../out/* --to "{store}"'
    )
    subprocess.run(["bash", "-ec", steps], env=job.env, check=True, capture_output=True)
    assert job.run(project=PROJECT, comment="false", compare=str(store)) is None
    assert job.outputs["verdict"] == "identical"


def test_a_token_that_may_only_read_is_a_warning(job, github):
    github.refuse = 403
    assert job.run(project=PROJECT, compare="none") is None
    assert "::warning::The comment is not written (HTTP Error 403" in job.printed[COMMENT]


def test_a_comment_of_a_person_is_never_changed(job, github):
    for number in range(100):
        github.add(f"comment {number}", "User")
    github.add("<!-- hatch-tilebox: flows/scene qa --> mine", "User")
    assert job.run(project=PROJECT, compare="none") is None
    assert github.comments[100]["body"].endswith("mine")
    assert github.comments[101]["body"].startswith("<!-- hatch-tilebox: flows/scene qa -->\n##")


def test_only_the_comment_gets_the_token():
    steps = {step["name"]: json.dumps(step) for step in ACTION["runs"]["steps"]}
    assert [name for name, text in steps.items() if "token" in text.lower()] == [COMMENT]


def test_inputs_never_become_part_of_a_script():
    assert not [step for step in ACTION["runs"]["steps"] if "${{" in step.get("run", "")]
