"""The worlds of the pages about projects and builds."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress

from docs_pages import ROOT, blocks, commands
from docs_place import Worlds, edit, signing
from docs_world import quoted

WORLDS = Worlds()


def clone_into(folder):
    """A copy of this repository as a clone would be."""
    left_out = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", ".hypothesis", "dist", "site", "uv.lock")
    return shutil.copytree(ROOT, folder / "hatch-tilebox", ignore=left_out)


@WORLDS.of("docs/index.md")
def home(place):
    here = place.world()
    clone_into(here.folder)
    here.venv()
    here.tools()
    here.follow()
    (table,) = blocks(place.page, "toml")
    project = (ROOT / "test_projects/scene_qa/pyproject.toml").read_text("utf-8")
    assert all(part in project for part in table.text.split("\n\n"))


@WORLDS.of("README.md")
def readme(place):
    project, clone = place.project("scene_qa"), clone_into(place.base)
    here = place.world(project)
    here.venv()
    here.tools()
    here.env["HATCH_TILEBOX_CACHE_DIR"] = str(place.base / "cache")
    sample, tests = (step.text for step in commands(place.page, "python3 -m venv"))
    here.before["uv tool install"] = f"cd {quoted(place.base)}"
    here.swaps["=$PWD/wheels P"] = f"=$PWD/wheels,{here.env['UV_FIND_LINKS']} P"
    here.before["uv lock"] = f"cd {quoted(project)}"
    here.before[sample] = f"cd {quoted(clone)}"
    # All tests in a test would never end: that they are found has to do.
    here.before[tests] = "export PYTEST_ADDOPTS='--collect-only --quiet'"
    here.follow()


@WORLDS.of("docs/tutorial.md")
def tutorial(place):
    here = place.world()
    here.tools()
    here.env["HATCH_TILEBOX_CACHE_DIR"] = str(place.base / "cache")
    here.follow(write=True)
    assert [path.name for path in (here.folder / "downloads").iterdir()] == ["scene_qa-0.1.0.tbrelease"]


@WORLDS.of("docs/explanation/discovery.md")
def discovery(place):
    place.world_of("scene_qa").follow()


@WORLDS.of("docs/how-to/add-release-checks.md")
def add_release_checks(place):
    here = place.world_of("scene_qa")
    here.tools()
    here.codes["hatch-tilebox build"] = 1
    here.follow(write=True)
    # The page ends with a build requirement, which isolated builds get from an index.
    edit(here.folder / "pyproject.toml", ('"hatch-tilebox"]', '"hatch-tilebox", "acme-release-rules"]'))
    here.env["UV_FIND_LINKS"] += f",{here.folder / 'acme-release-rules' / 'dist'}"
    assert "[acme-rules] the task" in here.run("uv build --wheel", code=2)


@WORLDS.of("docs/how-to/adopt.md")
def adopt(place):
    folder = place.project("single_file")
    edit(
        folder / "pyproject.toml",
        ('[build-system]\nrequires = ["hatchling", "hatch-tilebox"]\nbuild-backend = "hatchling.build"\n', ""),
        ("[tool.hatch.build.hooks.tilebox]", ""),
    )
    here = place.world(folder)
    here.answers["hatch-tilebox adopt"] = ("Write this?", "y")
    here.follow()


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


@WORLDS.of("docs/how-to/build-in-ci.md")
def build_in_ci(place):
    here = place.world_of("scene_qa")
    here.venv("twine", "pypiserver==2.4.2")
    here.codes = {"twine check dist/*": 1, "twine upload dist/*": 1}
    here.before["hatch-tilebox projects --changed"] = (
        "git init -q -b main && git add pyproject.toml && git -c user.name=Ada -c user.email=ada@example.org commit -qm First"
    )
    with package_index(here, place.base / "index") as url, signing(here):
        here.env |= {"TWINE_REPOSITORY_URL": url, "TWINE_USERNAME": "any", "TWINE_PASSWORD": "any"}
        here.follow()
    assert sorted(path.suffix for path in (place.base / "index").iterdir()) == [".gz", ".whl"]


@WORLDS.of("docs/how-to/build.md")
def build(place):
    """All tabs in one project, from the left to the right."""
    folder = place.project("scene_qa")
    here = place.world(folder)
    here.venv("build", "tilebox", "tilebox-workflows", "hatch-tilebox[cli]")
    here.before["uv build flows/scene-qa"] = f"cd .. && mkdir flows && cp -r {quoted(folder)} flows/scene-qa"
    here.before["hatch build -t tilebox"] = f"cd {quoted(folder)} && rm -r dist"
    here.before["hatch clean"] = "touch dist/mine.txt && test -f dist/*.tbrelease"
    here.before["python -m build --wheel"] = "test -f dist/*.whl"
    here.before["python -m build"] = 'test "$(ls dist)" = mine.txt'
    (code,) = blocks(place.page, "python")
    here.before["pip install -e ."] = f"python -c {quoted(code.text)} > digest"
    here.follow()
    releases = [*folder.glob("*/scene_qa-1.2.0.tbrelease"), folder.parent / "flows/scene-qa/dist/scene_qa-1.2.0.tbrelease"]
    assert [path.parent.name for path in releases] == ["dist", "releases", "dist"]
    assert {here.run(f"sha256sum {quoted(path)}").split()[0] for path in releases} == {(folder / "digest").read_text().strip()}


@WORLDS.of("docs/how-to/choose-files.md")
def choose_files(place):
    here = place.world_of("single_file")
    here.run(
        "mkdir my_workflow && mv runner.py my_workflow && touch my_workflow/debug.log && printf '.venv\\n*.log\\n' > .gitignore"
    )
    workflow = '[workflow]\nslug = "x"\nrunner = "my_workflow.runner:runner"\n'
    (here.folder / "tilebox.workflow.toml").write_text(workflow + blocks(place.page, "toml")[0].text)
    here.follow()


@WORLDS.of("docs/how-to/fix-a-failing-build.md")
def fix_a_failing_build(place):
    here = place.world_of("scene_qa")
    here.tools()
    here.follow()


@WORLDS.of("docs/reference/errors.md")
def error_codes(place):
    here = place.world_of("scene_qa")
    here.venv("hatch-tilebox[cli]")
    here.follow()


@WORLDS.of("docs/how-to/share-code.md")
def share_code(place):
    here = place.world()
    _, from_git, _, below, _ = (block.text for block in blocks(place.page, "toml") if not block.title)
    # The page begins in another repository than the one that its files belong to.
    repository, output, settings = (place.base / name for name in ("monorepo", "output", "gitconfig"))
    shutil.copytree(ROOT / "test_projects/monorepo", repository)
    (repository / ".gitignore").write_text("dist/\n")
    settings.write_text("[user]\nname = A\nemail = a@example.org\n[init]\ndefaultBranch = main\n")
    here.env |= {"GITHUB_OUTPUT": str(output), "PROJECT": "workflows/cleanup", "GIT_CONFIG_GLOBAL": str(settings)}
    here.swaps = {
        'uvx --from "hatch-tilebox[cli]" ': "",
        'hatch-tilebox build "$PROJECT"': f'hatch-tilebox build "$PROJECT" && cd {quoted(here.folder)}',
    }
    here.before = {"uv lock --quiet --project": "true", "uv lock --quiet": f"cd {quoted(repository)} && git init -q"}
    for name in ("libs/common/common", "flows/gauges"):
        (here.folder / name).mkdir(parents=True)
    build = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    library = '[project]\nname = "common"\nversion = "1.0"\nrequires-python = ">=3.10"\n'
    (here.folder / "libs/common/pyproject.toml").write_text(f"{library}{build}")
    (here.folder / "libs/common/common/__init__.py").touch()
    runner = (ROOT / "test_projects/single_file/runner.py").read_text()
    (here.folder / "flows/gauges/runner.py").write_text(f"import common\n{runner}")
    here.follow(write=True)
    assert [each["path"] for each in json.loads(output.read_text().partition("=")[2])] == [
        "workflows/cleanup",
        "workflows/coverage",
    ]
    assert from_git.startswith("[tool.uv.sources]\ncommon = { git = ")
    # The same library below the workflow, as a member of its workspace.
    here.run("cp -r libs flows/gauges && rm -r flows/gauges/wheels")
    project = here.folder / "flows/gauges"
    edit(project / "pyproject.toml", ('[tool.uv.sources]\ncommon = { path = "wheels/common-1.0-py3-none-any.whl" }\n', below))
    edit(project / "tilebox.workflow.toml", ('"wheels/*.whl"', '"libs/common/**"'))
    here.run("uv lock --quiet --project flows/gauges && hatch-tilebox build flows/gauges")


@WORLDS.of("docs/how-to/use-the-backend.md")
def use_the_backend(place):
    folder = place.project("scene_qa")
    (ours,) = blocks(place.page, "toml")
    hatchling = '[build-system]\nrequires = ["hatchling", "hatch-tilebox"]\nbuild-backend = "hatchling.build"\n'
    edit(folder / "pyproject.toml", (hatchling, ours.text), ("[tool.hatch.build.hooks.tilebox]", ""))
    here = place.world(folder)
    here.venv("build")
    here.codes["hatch build -t tilebox"] = 1
    here.follow()
    assert [path.name for path in (folder / "releases").iterdir()] == ["scene_qa-1.2.0.tbrelease"]


@WORLDS.of("docs/reference/configuration.md")
def configuration(place):
    place.world().follow()


@WORLDS.of("docs/reference/format.md")
def archive_format(place):
    here = place.world_of("single_file")
    edit(here.folder / "pyproject.toml", ('"tide-gauge"', '"scene-qa"'), ('"0.1.0"', '"1.0"'))
    edit(here.folder / "tilebox.workflow.toml", ("runner:runner", "scene_qa.runner:runner"))
    here.run("mkdir scene_qa && mv runner.py scene_qa && touch scene_qa/__init__.py && uv lock --quiet")
    here.run("hatch-tilebox build --quiet --out .")
    here.follow()


@WORLDS.of("docs/reference/options.md")
def options(place):
    here = place.world_of("scene_qa")
    ours = "sed -i 's/\"hatchling\", //; s/hatchling.build/hatch_tilebox.backend/' pyproject.toml"
    here.before["uv build -C tilebox.max-size=1GiB"] = ours
    here.follow()
