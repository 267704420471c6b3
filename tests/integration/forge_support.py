"""A repository with a workflow project, as a forge such as GitHub or GitLab has it."""

from __future__ import annotations

import json
import shutil

import pytest
from git_commits import commit_all, git

PROJECT = "flows/scene qa"


class ForgeHandler:
    """What handlers of a forge's API have in common. The server records the methods of requests in `calls`."""

    def body(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]

    def send_json(self, status, value):
        self.server.calls.append(self.command)
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module", name="repository")
def flows_repository(tmp_path_factory, locked_project):
    """A repository with a workflow project in a folder."""
    folder = tmp_path_factory.mktemp("origin")
    shutil.copytree(locked_project("scene_qa"), folder / PROJECT)
    commit_all(folder, "First")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    return folder
