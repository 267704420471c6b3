"""Create the environments ("worlds") in which the commands of a page run."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from pathlib import Path

from docs_world import World, quoted
from private_sigstore import private_sigstore, token

SLUG = "scene-qa-5y9aK2ydM1f76n"


class Worlds(dict):
    """Maps pages to the functions that run their commands. Each function gets a `Place`."""

    def of(self, page):
        """Register a function for a page."""

        def keep(function):
            self[page] = function
            return function

        return keep


class Place:
    """Creates worlds for a page, with the fixtures of a test."""

    def __init__(self, page, request, tmp_path, project, env):
        self.page, self.request, self.base, self.project, self.env = page, request, tmp_path, project, env
        self.worlds: list[World] = []

    def world(self, folder=None):
        """Return a world whose shell starts in `folder`, or in a new folder."""
        if folder is None:
            folder = self.base / "here"
            folder.mkdir()
        self.worlds.append(World(self.page, self.base, Path(folder), self.env))
        return self.worlds[-1]

    def world_of(self, project):
        """Return a world whose shell starts in a copy of a test project."""
        return self.world(self.project(project))

    def copy(self, name, to):
        """A locked copy of a test project in the folder `to`."""
        return Path(shutil.copytree(self.fixture("locked_project")(name), self.base / to))

    def fixture(self, name):
        return self.request.getfixturevalue(name)


@contextmanager
def signing(here):
    """Let `hatch-tilebox sign` use a Sigstore on loopback, with the identity of a job."""
    with private_sigstore(here.base) as (_, _, trust):
        here.env |= {"SIGSTORE_ID_TOKEN": token(exp=int(time.time()) + 3600), "HATCH_TILEBOX_PROVENANCE": "true"}
        here.swaps["hatch-tilebox sign"] = f"hatch-tilebox sign --trust-config {quoted(trust)}"
        yield


def edit(path, *changes):
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def add_to(path, text):
    path.write_text(f"{path.read_text()}\n{text}")


def reach_api(here, api):
    """Send the commands of the world to the Tilebox API of the tests, and create the workflow there."""
    api.sdk(f"result = client.workflows().create({SLUG!r}, 'a test').slug")
    here.env["TILEBOX_API_URL"] = api.url


def next_version(here):
    """Build a second release after `scene_qa-1.2.0`, with another task input and another dependency."""
    folder = here.folder
    edit(
        folder / "pyproject.toml",
        ('version = "1.2.0"', 'version = "1.3.0"'),
        ('"tilebox-workflows"]', '"tilebox-workflows", "msgspec==0.19.0"]'),
    )
    edit(folder / "scene_qa/tasks.py", ("    histogram: dict[str, int]\n", "    histogram: dict[str, int]\n    strict: bool\n"))
    edit(folder / "scene_qa/tasks.py", ('CheckScene", "v1.0"', 'CheckScene", "v1.1"'))
    here.run("uv lock --quiet && hatch-tilebox build --quiet")
