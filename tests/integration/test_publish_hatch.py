"""`hatch publish -p tilebox` and `hatch-tilebox publish`, as users run them, to the embedded store."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest
from hand_made_releases import GREET
from output_schema import check_output

from hatch_tilebox.archive.source import hash_files
from hatch_tilebox.archive.writer import write_archive
from hatch_tilebox.core.model import FileSet, Project, ReleaseManifest, SelectedFile, Task, Workflow, release_filename
from hatch_tilebox.publish.store import ReleaseStore

pytestmark = pytest.mark.frontends

SLUG = "scene-qa-5y9aK2"


@pytest.fixture
def folder(tmp_path, make_release):
    """A workflow project whose release was built."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "tilebox.workflow.toml").write_text(
        f'[workflow]\nslug = "{SLUG}"\nrunner = "scene_qa.runner:runner"\n[build]\ninclude = ["**"]\n'
    )
    set_publish(project, "")
    make_release().parent.rename(project / "dist")
    return project


def build_by_hand(project):
    """Write the release of all files of the project."""
    paths = ["pyproject.toml", "tilebox.workflow.toml"]
    files = FileSet(project, tuple(SelectedFile(path, str(project / path), (project / path).stat().st_size) for path in paths))
    described = Project("scene-qa", "1.0.0", None)
    manifest = ReleaseManifest.of(Workflow(SLUG, runner="scene_qa.runner:runner"), described, (GREET,), hash_files(files))
    write_archive(manifest, files, project / "dist" / release_filename(described))


def set_publish(project, table, version="1.0.0"):
    (project / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        f'[project]\nname = "scene-qa"\nversion = "{version}"\n[tool.hatch.publish.tilebox]\n{table}\n'
    )


@pytest.fixture
def shell(clean_env, tmp_path):
    (tmp_path / "hatch.toml").touch()
    return {**clean_env, "HATCH_CONFIG": str(tmp_path / "hatch.toml"), "HATCH_TILEBOX_PUBLISH_STALE": "true"}


@pytest.fixture
def run(shell, folder):
    def run(*command, cwd=folder, **env):
        program = {"hatch": "hatch", "hatch-tilebox": "hatch_tilebox"}[command[0]]
        line = [sys.executable, "-m", program, *command[1:]]
        return subprocess.run(line, cwd=cwd, env={**shell, **env}, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize("command", [("hatch", "publish", "-p", "tilebox"), ("hatch-tilebox", "publish")])
class TestBoth:
    """Behaviour that both commands share."""

    def test_the_id_is_all_that_stdout_has(self, run, folder, tmp_path, command):
        set_publish(folder, 'to = "../store"')
        first, second = run(*command), run(*command)
        (release,) = ReleaseStore(tmp_path / "store").releases(None)
        assert (first.returncode, second.returncode) == (0, 0), first.stderr
        assert first.stdout.strip() == second.stdout.strip() == release.id
        assert "does not have it yet" in first.stderr
        assert f"has it as {release.id}" in second.stderr

    def test_a_folder_of_the_project_table_is_relative_to_the_project(self, run, folder, tmp_path, command):
        set_publish(folder, 'to = "../store"')
        (folder / "scene_qa").mkdir()
        assert run(*command, cwd=folder / "scene_qa").returncode == 0
        assert len(ReleaseStore(tmp_path / "store").releases(None)) == 1

    def test_settings_rank_option_environment_project_user(self, run, folder, tmp_path, command):
        def went_to():
            made = [name for name in ("option", "environ", "project-store", "user") if (tmp_path / name).exists()]
            return made[-1:] + made[:-1]

        option = ("-o", f"to={tmp_path / 'option'}") if command[0] == "hatch" else ("--to", str(tmp_path / "option"))
        environ = {"HATCH_TILEBOX_PUBLISH_TO": str(tmp_path / "environ")}
        (tmp_path / "hatch.toml").write_text(f'[publish.tilebox]\nto = "{tmp_path / "user"}"\n')
        assert run(*command).returncode == 0
        assert sorted(went_to()) == ["user"]
        set_publish(folder, f'to = "{tmp_path / "project-store"}"')
        assert run(*command).returncode == 0
        assert sorted(went_to()) == ["project-store", "user"]
        assert run(*command, **environ).returncode == 0
        assert sorted(went_to()) == ["environ", "project-store", "user"]
        assert run(*command, *option, **environ).returncode == 0
        assert sorted(went_to()) == ["environ", "option", "project-store", "user"]

    def test_another_version_in_dist_is_not_published(self, run, folder, command):
        set_publish(folder, 'to = "../store"', version="1.1.0")
        result = run(*command)
        assert result.returncode == 1
        assert "no release of scene-qa 1.1.0 in" in result.stderr
        assert "scene_qa-1.0.0.tbrelease" in result.stderr
        assert "Traceback" not in result.stderr

    def test_an_archive_of_other_files_is_not_published(self, run, folder, tmp_path, command):
        set_publish(folder, 'to = "../store"')
        (folder / "scene_qa").mkdir()
        (folder / "scene_qa/extra.py").write_text("")
        result = run(*command, HATCH_TILEBOX_PUBLISH_STALE="", HATCH_TILEBOX_PUBLISH_BUILD="false")
        assert result.returncode == 1
        assert (
            "scene_qa-1.0.0.tbrelease was built from other files: changed: pyproject.toml; new: scene_qa/extra.py, "
            "tilebox.workflow.toml; vanished: scene_qa/runner.py"
        ) in result.stderr
        assert "help: build it again: hatch-tilebox build" in result.stderr
        assert not (tmp_path / "store").exists()
        stale = ("-o", "stale=true") if command[0] == "hatch" else ("--stale",)
        assert run(*command, *stale, HATCH_TILEBOX_PUBLISH_STALE="").returncode == 0

    def test_the_archive_of_these_files_is_published(self, run, folder, command):
        set_publish(folder, 'to = "../store"')
        build_by_hand(folder)
        assert run(*command, HATCH_TILEBOX_PUBLISH_STALE="").returncode == 0
        (folder / "tilebox.workflow.toml").write_text(
            f'[workflow]\nslug = "{SLUG}"\nrunner = "other:runner"\n[build]\ninclude = ["pyproject.toml"]\n'
        )
        result = run(*command, HATCH_TILEBOX_PUBLISH_STALE="", HATCH_TILEBOX_PUBLISH_BUILD="false")
        assert "vanished: tilebox.workflow.toml; changed: [workflow] in tilebox.workflow.toml" in result.stderr

    def test_outside_a_project_nothing_is_compared(self, run, folder, tmp_path, command):
        file, elsewhere = folder / "dist/scene_qa-1.0.0.tbrelease", tmp_path / "elsewhere"
        elsewhere.mkdir()
        if command[0] == "hatch":  # hatch needs a project, here one of another workflow
            (elsewhere / "pyproject.toml").write_text('[project]\nname = "other"\nversion = "1"\n')
        env = {"HATCH_TILEBOX_PUBLISH_STALE": "", "HATCH_TILEBOX_PUBLISH_TO": str(tmp_path / "store")}
        result = run(*command, file, cwd=elsewhere, **env)
        assert result.returncode == 0, result.stderr

    def test_a_version_with_other_content_is_reported(self, run, folder, tmp_path, make_release, command):
        set_publish(folder, 'to = "../store"')
        assert run(*command).returncode == 0
        (first,) = ReleaseStore(tmp_path / "store").releases(None)
        other = make_release(content=b"print('other')\n")
        refused = run(*command, other, HATCH_TILEBOX_PUBLISH_UNIQUE_VERSIONS="true")
        assert refused.returncode == 1
        assert f"already has version 1.0.0 with other content: release {first.id} of {first.created_at}" in refused.stderr
        assert "uv version --bump patch" in refused.stderr
        warned = run(*command, other)
        assert warned.returncode == 0
        assert f"warning[TBX512]: {(tmp_path / 'store').as_uri()} already has version 1.0.0" in warned.stderr
        allow = ("-o", "allow-same-version=true") if command[0] == "hatch" else ("--allow-same-version",)
        third = run(*command, make_release(content=b"3"), *allow, HATCH_TILEBOX_PUBLISH_UNIQUE_VERSIONS="true")
        assert third.returncode == 0
        assert "already has" not in third.stderr

    def test_several_of_one_version_are_listed(self, run, folder, command):
        set_publish(folder, 'to = "../store"')
        (folder / "dist/copy.tbrelease").write_bytes((folder / "dist/scene_qa-1.0.0.tbrelease").read_bytes())
        result = run(*command)
        assert result.returncode == 1
        assert "several releases of scene-qa 1.0.0" in result.stderr
        assert "copy.tbrelease" in result.stderr

    def test_nothing_built_says_how_to(self, run, folder, command):
        (folder / "dist/scene_qa-1.0.0.tbrelease").unlink()
        result = run(*command)
        assert result.returncode == 1
        assert "hatch build -t tilebox" in result.stderr

    def test_wrong_settings_are_all_named(self, run, folder, command):
        set_publish(folder, 'too = "x"\nverify = "yes"\napi-key = "tbx-Secret.1"\nallow-breaking = 1')
        result = run(*command)
        assert result.returncode == 1
        assert "[tool.hatch.publish.tilebox] too: unknown key" in result.stderr
        assert 'did you mean "to"?' in result.stderr
        assert 'verify: must be true or false, not "yes"' in result.stderr
        assert "allow-breaking: must be true or false, not 1" in result.stderr
        assert "api-key: secrets are not allowed here" in result.stderr
        assert "tbx-Secret.1" not in result.stdout + result.stderr

    def test_a_breaking_change_ends_with_3(self, run, folder, tmp_path, make_release, command):
        set_publish(folder, 'to = "../store"')
        assert run(*command).returncode == 0
        broken = make_release(version="1.1.0", tasks=(Task("tests.Greet", "v1.0", {"type": "integer"}),))
        refused = run(*command, str(broken))
        assert refused.returncode == 3
        assert "breaks jobs of 1.0.0" in refused.stderr
        allowed = run(*command, str(broken), HATCH_TILEBOX_PUBLISH_ALLOW_BREAKING="true")
        assert allowed.returncode == 0
        assert "warning" in allowed.stderr
        assert len(ReleaseStore(tmp_path / "store").releases(None)) == 2

    def test_a_broken_archive_is_refused(self, run, folder, command):
        archive = folder / "dist/scene_qa-1.0.0.tbrelease"
        archive.write_bytes(archive.read_bytes()[:-3])
        result = run(*command, str(archive))
        assert result.returncode == 1
        assert "scene_qa-1.0.0.tbrelease" in result.stderr
        assert "Traceback" not in result.stderr

    @pytest.mark.parametrize("to", ["../store", "oci://127.0.0.1:9/acme/scene-qa"])
    def test_published_and_deployed_in_one_go_or_not_at_all(self, run, folder, tmp_path, command, to):
        """Nobody listens where the registry is said to be: that it has no clusters is told before it is asked."""
        set_publish(folder, f'to = "{to}"\ndeploy = "live"')
        with (folder / "tilebox.workflow.toml").open("a") as config:
            config.write('[targets.live]\nclusters = ["a"]\n')
        result = run(*command)
        if to.startswith("oci:"):
            assert (result.returncode, result.stdout) == (1, "")
            assert "has no clusters" in result.stderr
        else:
            assert result.returncode == 0, result.stderr
            assert ReleaseStore(tmp_path / "store").cluster("a").release_of(SLUG) == result.stdout.split()[0]


def test_hatch_that_cannot_tell_the_version_takes_a_name(run, folder, tmp_path):
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "scene-qa"\ndynamic = ["version"]\n[tool.hatch.version]\nsource = "not-installed"\n'
    )
    result = run("hatch", "publish", "-p", "tilebox", "-o", "to=./store")
    assert result.returncode == 1
    assert "name the archive: hatch publish -p tilebox dist/NAME-VERSION.tbrelease" in result.stderr
    named = run("hatch", "publish", "-p", "tilebox", "-o", "to=./store", "dist/scene_qa-1.0.0.tbrelease", cwd=tmp_path / "project")
    assert named.returncode == 0, named.stderr
    assert len(ReleaseStore(folder / "store").releases(None)) == 1


def test_hatch_asks_before_it_uses_a_disabled_publisher(run, folder, tmp_path):
    set_publish(folder, 'to = "../store"\ndisable = true')
    assert run("hatch", "publish", "-p", "tilebox", "--no-prompt").returncode == 1
    assert run("hatch", "publish", "-p", "tilebox", "--yes").returncode == 0
    assert (tmp_path / "store").exists()


def test_a_dry_run_says_what_would_happen(run, tmp_path):
    report = check_output("publish", run("hatch-tilebox", "publish", "--to", "./store", "--dry-run", "--json").stdout)
    assert (report["id"], report["created"], report["dry_run"]) == (None, True, True)
    assert not (tmp_path / "project/store").exists()


def test_a_release_that_starts_is_published_with_verify(run, project):
    folder = project("single_file")
    assert run("hatch-tilebox", "build", cwd=folder).returncode == 0
    result = run("hatch-tilebox", "publish", "--to", "./store", "--verify", "--json", cwd=folder)
    assert json.loads(result.stdout)["created"] is True, result.stderr


def test_a_release_that_does_not_start_is_not_published_with_verify(run, tmp_path):
    result = run("hatch-tilebox", "publish", "--to", "./store", "--verify")
    assert result.returncode == 1
    assert "error" in result.stderr
    assert not (tmp_path / "project/store").exists()


def test_fetch_and_releases_of_the_project(run, folder, tmp_path):
    set_publish(folder, 'to = "../store"')
    published = json.loads(run("hatch-tilebox", "publish", "--json").stdout)
    listed = json.loads(run("hatch-tilebox", "releases", "--json").stdout)
    assert [release["id"] for release in listed["releases"]] == [published["id"]]
    fetched = run("hatch-tilebox", "fetch", "--to", "got", "--json")
    assert json.loads(fetched.stdout)["digest"] == published["digest"]
    original = folder / "dist/scene_qa-1.0.0.tbrelease"
    assert (folder / "got" / original.name).read_bytes() == original.read_bytes()
    table = run("hatch-tilebox", "releases")
    assert published["id"] in table.stdout
    assert "1.0.0" in table.stdout


def test_builds_need_no_hatch():
    """Hatchling loads the plugin where hatch is not installed; only hatch may ask for the publisher."""
    script = (
        "import sys\nsys.modules['hatch'] = None\n"
        "from hatchling.plugin.manager import PluginManager\nmanager = PluginManager()\n"
        "print(manager.build_hook.get('tilebox').__name__, manager.builder.get('tilebox').__name__)\n"
        "print([name for name in sys.modules if name.startswith(('hatch_tilebox.pub', 'httpx'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "TileboxBuildHook TileboxBuilder\n[]\n"


def test_the_other_destinations_say_which_extra_they_need(folder, shell):
    script = (
        "import sys\nsys.modules.update(httpx=None, tenacity=None)\n"
        "from hatch_tilebox.cli import main\nsys.argv = ['hatch-tilebox', 'releases', 'oci://127.0.0.1:1/a/b']\nmain()"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=folder, env=shell, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert 'pip install "hatch-tilebox[cli,publish]"' in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_leaves_a_message_on_what_was_done(folder, shell, tmp_path):
    """The upload to this destination never ends, and prints when it starts."""
    script = (
        "import sys, time\n"
        "from hatch_tilebox.publish.store import ReleaseStore\n"
        f"def upload(*arguments):\n    open({str(tmp_path / 'begun')!r}, 'w').close()\n    time.sleep(60)\n"
        "ReleaseStore.upload = upload\n"
        "from hatch_tilebox.cli import main\nsys.argv = ['hatch-tilebox', 'publish', '--to', './store']\nmain()"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=folder, env=shell, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "begun").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, shown = process.communicate(timeout=30)
    assert process.returncode not in {0, None}
    assert "interrupted: the archive may have been sent in part; the release is not registered" in shown
    assert "publish again to finish" in shown
    assert "Traceback" not in shown
