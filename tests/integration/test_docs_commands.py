"""Every command of the documentation, typed as it stands, in a folder in which it makes sense.

`docs_pages.py` says what a command is. A page with commands needs a world here, so none can be added that nobody runs.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from docs_pages import ROOT, Step, blocks, has_commands, pages, steps
from docs_world import World, quoted
from hand_made_releases import write_release

pytestmark = pytest.mark.frontends

WORLDS = {}
SLUG = "scene-qa-5y9aK2ydM1f76n"
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def world(page):
    """Register what follows a page; it gets a `Place`."""

    def register(function):
        WORLDS[page] = function
        return function

    return register


class Place:
    """Where worlds are made: the fixtures of a test, by name."""

    def __init__(self, request, tmp_path, project, env):
        self.request, self.base, self.project, self.env = request, tmp_path, project, env

    def world(self, folder=None):
        """A world whose shell begins in `folder`, or else in a new one."""
        if folder is None:
            folder = self.base / "here"
            folder.mkdir()
        return World(self.base, Path(folder), self.env)

    def copy(self, name, to):
        """A locked copy of a test project in the folder `to`."""
        return Path(shutil.copytree(self.fixture("locked_project")(name), self.base / to))

    def fixture(self, name):
        return self.request.getfixturevalue(name)


@pytest.fixture
def place(request, tmp_path, project, frontend_env):
    env = {name: value for name, value in frontend_env.items() if not name.startswith("TILEBOX_")}
    return Place(request, tmp_path, project, env)


@pytest.mark.parametrize("page", [page for page in pages() if has_commands(page)])
def test_the_commands_of(page, place):
    assert page in WORLDS, f"{page} has commands: add a world that follows it"
    WORLDS[page](place)


def test_worlds_have_pages():
    assert {page for page in WORLDS if not (ROOT / page).is_file() or not has_commands(page)} == set()


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_is_set_up_as_printed(shell, place):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    page = steps("docs/reference/cli.md")
    (command,) = [step.text for step in page if isinstance(step, Step) and step.shell == shell]
    init = "autoload -U compinit && compinit -u\n" if shell == "zsh" else ""
    there = {"zsh": "whence -w _hatch_tilebox_completion", "fish": "complete --do-complete 'hatch-tilebox ch'"}[shell]
    done = subprocess.run([shell, "-c", f"{init}{command}\n{there}"], env=place.env, capture_output=True, text=True, check=True)
    assert {"zsh": "_hatch_tilebox_completion: function", "fish": "check"}[shell] in done.stdout


def edit(path, *changes):
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def set_targets(folder):
    """Targets with clusters that the API of the tests knows."""
    edit(folder / "tilebox.workflow.toml", ('[targets.staging]\nclusters = ["staging-4qZk81"]', TARGETS))


TARGETS = '[targets.staging]\nclusters = ["staging"]\n[targets.production]\nclusters = ["production"]'


def reach_api(here, api):
    """Let the world's commands go to the Tilebox API of the tests, which knows the workflow."""
    api.sdk(f"result = client.workflows().create({SLUG!r}, 'a test').slug")
    here.env["TILEBOX_API_URL"] = api.url


def release_id(here):
    """The id of the release that was published to the API last."""
    return json.loads(here.run("hatch-tilebox releases --json 2> /dev/null"))["releases"][0]["id"]


def next_version(here):
    """A second release beside `scene_qa-1.2.0`: what a task takes has changed, and so has a dependency."""
    folder = here.folder
    edit(
        folder / "pyproject.toml",
        ('version = "1.2.0"', 'version = "1.3.0"'),
        ('"tilebox-workflows"]', '"tilebox-workflows", "msgspec==0.19.0"]'),
    )
    edit(folder / "scene_qa/tasks.py", ("    histogram: dict[str, int]\n", "    histogram: dict[str, int]\n    strict: bool\n"))
    edit(folder / "scene_qa/tasks.py", ('CheckScene", "v1.0"', 'CheckScene", "v1.1"'))
    here.run("uv lock --quiet && hatch-tilebox build --quiet")


@world("README.md")
def readme(place):
    here = place.world(place.project("scene_qa"))
    here.venv()
    here.env |= {"HATCH_TILEBOX_PUBLISH_TO": "./releases", "HATCH_TILEBOX_CACHE_DIR": str(place.base / "cache")}
    clone = place.base / "clone"
    left_out = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", ".hypothesis", "dist", "site", "uv.lock")
    shutil.copytree(ROOT, clone, ignore=left_out)
    sample, tests = (step.text for step in steps("README.md") if isinstance(step, Step) and step.text.startswith("python3 -m venv"))
    here.before[sample] = f"cd {quoted(clone)}"
    # All tests in a test would never end: that they are found has to do.
    here.before[tests] = "export PYTEST_ADDOPTS='--collect-only --quiet'"
    here.follow("README.md")


@world("docs/tutorial.md")
def tutorial(place):
    here = place.world()
    tools = place.base / "tools"
    here.env |= {
        "PATH": f"{tools / 'bin'}{os.pathsep}{here.env['PATH']}",
        "UV_TOOL_DIR": str(tools),
        "UV_TOOL_BIN_DIR": str(tools / "bin"),
        "HATCH_TILEBOX_CACHE_DIR": str(place.base / "cache"),
    }
    here.follow("docs/tutorial.md", text_is_output=True)
    assert [path.name for path in (here.folder / "downloads").iterdir()] == ["scene_qa-0.1.0.tbrelease"]


@world("docs/explanation/discovery.md")
def discovery(place):
    place.world(place.project("scene_qa")).follow("docs/explanation/discovery.md")


@world("docs/how-to/add-release-checks.md")
def add_release_checks(place):
    page, here = "docs/how-to/add-release-checks.md", place.world(place.project("scene_qa"))
    plugin, tools = place.base / "plugin", place.base / "tools"
    plugin.mkdir()
    (plugin / "pyproject.toml").write_text(blocks(page, "toml")[0].text)
    (plugin / "acme_release_rules.py").write_text(blocks(page, "python")[0].text)
    here.run(f"uv build --quiet --wheel --out-dir {quoted(place.base / 'links')} {quoted(plugin)}")
    here.env |= {"UV_TOOL_DIR": str(tools), "UV_TOOL_BIN_DIR": str(tools / "bin")}
    here.env["UV_FIND_LINKS"] += f",{place.base / 'links'}"
    here.follow(page)
    printed = here.run(f"{quoted(tools / 'bin' / 'hatch-tilebox')} build", code=1)
    assert "[acme-rules] the task tilebox.com/scene-qa/Ping is not named under acme.example" in printed


@world("docs/how-to/adopt.md")
def adopt(place):
    folder = place.project("single_file")
    edit(
        folder / "pyproject.toml",
        ('[build-system]\nrequires = ["hatchling", "hatch-tilebox"]\nbuild-backend = "hatchling.build"\n', ""),
        ("[tool.hatch.build.hooks.tilebox]", ""),
    )
    here = place.world(folder)
    here.answers["hatch-tilebox adopt"] = ("Write this?", "y")
    here.follow("docs/how-to/adopt.md")


@contextmanager
def package_index(here, folder):
    """The URL of a package index on loopback that takes every upload."""
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["pypi-server", "run", "-i", "127.0.0.1", "-p", str(port), "-P", ".", "-a", ".", folder]
    server = subprocess.Popen(command, env=here.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while server.poll() is None:
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait()


@world("docs/how-to/build-in-ci.md")
def build_in_ci(place):
    here = place.world(place.project("scene_qa"))
    here.venv("twine", "pypiserver==2.4.2")
    here.codes = {"twine check dist/*": 1, "twine upload dist/*": 1}
    with package_index(here, place.base / "index") as url:
        here.env |= {"TWINE_REPOSITORY_URL": url, "TWINE_USERNAME": "any", "TWINE_PASSWORD": "any"}
        here.follow("docs/how-to/build-in-ci.md")
    assert sorted(path.suffix for path in (place.base / "index").iterdir()) == [".gz", ".whl"]


@world("docs/how-to/build-with-build.md")
def build_with_build(place):
    here = place.world(place.project("scene_qa"))
    here.venv("build")
    here.follow("docs/how-to/build-with-build.md")


@world("docs/how-to/build-with-hatch.md")
def build_with_hatch(place):
    place.world(place.project("scene_qa")).follow("docs/how-to/build-with-hatch.md")


@world("docs/how-to/build-with-pip.md")
def build_with_pip(place):
    page, here = "docs/how-to/build-with-pip.md", place.world(place.project("scene_qa"))
    here.venv("tilebox", "tilebox-workflows", "hatch-tilebox")
    (code,) = blocks(page, "python")
    here.before["pip install -e ."] = f"python -c {quoted(code.text)} > digest"
    here.follow(page)
    digest = here.run("sha256sum releases/scene_qa-1.2.0.tbrelease").split()[0]
    assert (here.folder / "digest").read_text().strip() == digest


@world("docs/how-to/build-with-uv.md")
def build_with_uv(place):
    folder = place.project("scene_qa")
    here = place.world(folder)
    here.before["uv build flows/scene-qa"] = f"cd .. && mkdir flows && cp -r {quoted(folder)} flows/scene-qa"
    here.follow("docs/how-to/build-with-uv.md")


@world("docs/how-to/choose-files.md")
def choose_files(place):
    here = place.world(place.project("single_file"))
    here.run(
        "mkdir my_workflow && mv runner.py my_workflow && touch my_workflow/debug.log && printf '.venv\\n*.log\\n' > .gitignore"
    )
    workflow = '[workflow]\nslug = "x"\nrunner = "my_workflow.runner:runner"\n'
    (here.folder / "tilebox.workflow.toml").write_text(workflow + blocks("docs/how-to/choose-files.md", "toml")[0].text)
    here.follow("docs/how-to/choose-files.md")


@world("docs/how-to/compare-releases.md")
def compare_releases(place):
    here = place.world(place.project("scene_qa"))
    for version in ("1.0", "1.1"):
        write_release(place.base / "tree", here.folder, version=version)
    here.run("hatch-tilebox build --quiet && cp dist/*.tbrelease deployed.tbrelease")
    next_version(here)
    of_text, of_ci, of_verdict = [step.text for step in steps("docs/how-to/compare-releases.md") if step.kind == "command"][1:]
    here.before[of_ci] = "rm dist/scene_qa-1.2.0.tbrelease"
    here.codes = {of_text: 3, of_ci: 3, of_verdict: 1}
    here.follow("docs/how-to/compare-releases.md")


@world("docs/how-to/fix-a-failing-build.md")
def fix_a_failing_build(place):
    here = place.world()
    here.venv()
    here.follow("docs/how-to/fix-a-failing-build.md")


@world("docs/how-to/publish.md")
def publish(place):
    here, api = place.world(place.project("scene_qa")), place.fixture("tilebox_api")
    set_targets(here.folder)
    reach_api(here, api)
    here.venv()
    here.run("hatch-tilebox build --quiet")
    docker = place.base / "docker"
    registry = f"127.0.0.1:{place.fixture('oci_registry')()}"
    log_in = f"mkdir -p {quoted(docker)} && echo '{{\"auths\": {{}}}}' > {quoted(docker / 'config.json')}"
    here.env |= {"DOCKER_CONFIG": str(docker), "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring"}
    here.env["XDG_DATA_HOME"] = str(place.base / "data")
    here.swaps = {
        # Docker is no part of this: what counts is the file that it writes.
        "docker login ghcr.io": log_in,
        'echo "${{ secrets.GITHUB_TOKEN }}" | ': "",
        ' -u "${{ github.actor }}" --password-stdin': "",
        # What is on the internet stands on loopback here.
        "${{ github.repository }}": "acme/scene-qa",
        "ghcr.io": registry,
        "TILEBOX_API_KEY=...": f"TILEBOX_API_KEY={api.key}",
    }
    keep = "keyring set https://api.tilebox.com __token__"
    here.before[keep] = "pip install --quiet keyring keyrings.alt"
    here.answers[keep] = ("Password for", api.key)
    here.before["hatch-tilebox deploy --latest --target production"] = "unset HATCH_TILEBOX_PUBLISH_TO"
    of_id = next(step.text for step in steps("docs/how-to/publish.md") if isinstance(step, Step) and "0191a2b3" in step.text)
    follow_with_id(here, "docs/how-to/publish.md", of_id, "0191a2b3-...")
    assert here.run("keyring get https://api.tilebox.com __token__").strip() == api.key


def follow_with_id(here, page, command, stand_in):
    """Follow a page; the id of a release, which only publishing tells, stands in `command` in the place of `stand_in`."""
    typed = here.type

    def type_with_id(text):
        if text == command:
            here.swaps[stand_in] = release_id(here)
        return typed(text)

    here.type = type_with_id
    here.follow(page)


@world("docs/how-to/try-a-release.md")
def try_a_release(place):
    here = place.world(place.project("scene_qa"))
    here.run("hatch-tilebox build --quiet")
    here.run(f"hatch-tilebox build --quiet {quoted(place.project('tile_mosaic'))} --out dist")
    refused = [step.text for step in steps("docs/how-to/try-a-release.md") if step.kind == "command"][1]
    here.codes[refused] = 1
    here.follow("docs/how-to/try-a-release.md")


@world("docs/how-to/use-the-backend.md")
def use_the_backend(place):
    page, folder = "docs/how-to/use-the-backend.md", place.project("scene_qa")
    (ours,) = blocks(page, "toml")
    hatchling = '[build-system]\nrequires = ["hatchling", "hatch-tilebox"]\nbuild-backend = "hatchling.build"\n'
    edit(folder / "pyproject.toml", (hatchling, ours.text), ("[tool.hatch.build.hooks.tilebox]", ""))
    here = place.world(folder)
    here.venv("build")
    here.codes["hatch build -t tilebox"] = 1
    here.follow(page)
    assert [path.name for path in (folder / "releases").iterdir()] == ["scene_qa-1.2.0.tbrelease"]


@world("docs/how-to/write-a-destination.md")
def write_a_destination(place):
    page, here = "docs/how-to/write-a-destination.md", place.world(place.project("single_file"))
    plugin = place.base / "plugin"
    plugin.mkdir()
    (plugin / "pyproject.toml").write_text(blocks(page, "toml")[0].text)
    (plugin / "tilebox_releases_in_sqlite.py").write_text(blocks(page, "python")[0].text)
    here.venv("hatch-tilebox[cli]", str(plugin))
    here.run("hatch-tilebox build --quiet && mkdir ../srv")
    here.swaps["/srv/"] = f"{place.base}/srv/"  # nobody else's folder
    here.follow(page)


@world("docs/reference/cli.md")
def cli(place):
    page, folder = "docs/reference/cli.md", place.copy("scene_qa", "scene_qa")
    set_targets(folder)
    place.copy("scene_qa", "scene_qa/flows/scene-qa")
    place.copy("single_file", "scene_qa/path/to/project")
    here, api = place.world(folder), place.fixture("tilebox_api")
    reach_api(here, api)
    here.venv()
    here.swaps["/srv/"] = f"{place.base}/srv/"  # nobody else's folder
    here.env["HATCH_TILEBOX_CACHE_DIR"] = str(place.base / "cache")
    (place.base / "plain").mkdir()
    (place.base / "plain/pyproject.toml").write_text('[project]\nname = "plain"\nversion = "1"\ndependencies = ["tilebox"]\n')
    shutil.copy(ROOT / "test_projects/single_file/runner.py", place.base / "plain")
    here.run("mkdir data ../srv && touch data/scene.tif")
    following = place.world(place.copy("scene_qa", "next"))
    next_version(following)
    shutil.copytree(following.folder / "dist", folder / "dist")
    deploy, undeploy = (
        step.text
        for step in steps(page)
        if isinstance(step, Step)
        and step.text.startswith(("hatch-tilebox deploy", "hatch-tilebox undeploy"))
        and step.kind == "command"
    )
    here.before = {
        "hatch-tilebox adopt --yes": "cd ../plain",
        "hatch-tilebox check --strict": f"cd {quoted(folder)}",
        "hatch-tilebox inspect dist/scene_qa-1.2.0.tbrelease": "hatch-tilebox build --quiet",
        deploy: f"export TILEBOX_API_KEY={api.key}; hatch-tilebox publish --to tilebox",
        undeploy: "hatch-tilebox deploy --latest --cluster staging",
    }
    here.codes["hatch-tilebox diff dist/scene_qa-1.2.0.tbrelease dist/scene_qa-1.3.0.tbrelease"] = 3
    follow_with_id(here, page, undeploy, "0191a2b3-…")


@world("docs/reference/configuration.md")
def configuration(place):
    here = place.world()
    here.venv("hatch-tilebox")
    here.follow("docs/reference/configuration.md")


@world("docs/reference/format.md")
def archive_format(place):
    here = place.world(place.project("single_file"))
    edit(here.folder / "pyproject.toml", ('"tide-gauge"', '"scene-qa"'), ('"0.1.0"', '"1.0"'))
    edit(here.folder / "tilebox.workflow.toml", ("runner:runner", "scene_qa.runner:runner"))
    here.run("mkdir scene_qa && mv runner.py scene_qa && touch scene_qa/__init__.py && uv lock --quiet")
    here.run("hatch-tilebox build --quiet --out .")
    here.follow("docs/reference/format.md")


@world("docs/reference/options.md")
def options(place):
    here = place.world(place.project("scene_qa"))
    ours = "sed -i 's/\"hatchling\", //; s/hatchling.build/hatch_tilebox.backend/' pyproject.toml"
    here.before["uv build -C tilebox.max-size=1GiB"] = ours
    here.follow("docs/reference/options.md")


@world("docs/reference/publish.md")
def publish_reference(place):
    here = place.world(place.project("single_file"))
    here.env["HATCH_TILEBOX_PUBLISH_TO"] = "./releases"
    here.run("hatch-tilebox build --quiet")
    here.follow("docs/reference/publish.md")
