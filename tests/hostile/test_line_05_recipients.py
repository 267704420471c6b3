"""A file of a project never decides who gets a secret of the user."""

from __future__ import annotations

import json
import subprocess

import pytest
from hand_made_releases import write_release
from loopback import json_answer, serve
from programs import CLI

pytestmark = pytest.mark.service

KEY = "tbx-planted-k3y"


@pytest.fixture
def recipient():
    """A server that somebody else controls; it has a log of the requests."""
    with serve(lambda *_: json_answer({"workflows": []})) as (host, requests):
        yield f"http://{host}", requests


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tilebox.workflow.toml").write_text(
        '[workflow]\nslug = "scene-qa"\nrunner = "runner:runner"\n[build]\ninclude = ["*.py"]\n'
    )
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "scene-qa"\nversion = "1"\n')
    return tmp_path


def run(folder, env, *command, **variables):
    env = {**env, "TILEBOX_API_KEY": KEY, "HATCH_CONFIG": str(folder / "no-config.toml"), **variables}
    done = subprocess.run([*CLI, *command], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert KEY not in done.stdout + done.stderr
    return done


def keys(requests):
    return [headers.get("Authorization", "") for _, _, headers in requests if KEY in str(headers)]


def publish_table(folder, text):
    with (folder / "pyproject.toml").open("a") as file:
        file.write(f"[tool.hatch.publish.tilebox]\n{text}\n")


@pytest.mark.parametrize("command", [("releases",), ("deploy", "--latest"), ("undeploy", "--latest"), ("fetch",)])
def test_a_projects_destination_gets_no_key(folder, clean_env, recipient, command):
    url, requests = recipient
    publish_table(folder, f'to = "{url}"')
    done = run(folder, clean_env, *command)
    assert done.returncode == 1
    assert "TILEBOX_API_KEY is not sent there: the project chose this address" in done.stderr
    assert f"--to {url}" in done.stderr
    assert requests == []


def test_publish_to_a_projects_destination_sends_no_key(folder, clean_env, recipient, tmp_path):
    url, requests = recipient
    publish_table(folder, f'to = "{url}"')
    release = write_release(tmp_path / "tree", tmp_path / "dist")
    assert run(folder, clean_env, "publish", str(release)).returncode == 1
    assert requests == []


def test_what_the_user_chose_gets_it(folder, clean_env, recipient):
    url, requests = recipient
    publish_table(folder, 'to = "https://elsewhere.example"')
    assert run(folder, clean_env, "releases", url).returncode == 0
    assert run(folder, clean_env, "releases", HATCH_TILEBOX_PUBLISH_TO=url).returncode == 0
    config = folder / "hatch.toml.user"
    config.write_text(f'[publish.tilebox]\nto = "{url}"\n')
    (folder / "pyproject.toml").write_text('[project]\nname = "scene-qa"\nversion = "1"\n')
    assert run(folder, clean_env, "releases", HATCH_CONFIG=str(config)).returncode == 0
    assert len(keys(requests)) == 3


def test_a_projects_destination_that_is_the_users_too_gets_it(folder, clean_env, recipient):
    url, requests = recipient
    publish_table(folder, f'to = "{url}"')
    assert run(folder, clean_env, "releases", TILEBOX_API_URL=url).returncode == 0
    config = folder / "hatch.toml.user"
    config.write_text(f'[publish.tilebox]\nto = "{url}"\n')
    assert run(folder, clean_env, "releases", HATCH_CONFIG=str(config)).returncode == 0
    assert len(keys(requests)) == 2


def test_a_projects_artifact_url_gets_no_key(folder, clean_env, recipient, tmp_path):
    url, requests = recipient
    publish_table(folder, f'artifact-url = "{url}/artifacts"')
    release = write_release(tmp_path / "tree", tmp_path / "dist")
    done = run(folder, clean_env, "publish", str(release), "--to", "tilebox", TILEBOX_API_URL="http://127.0.0.1:9")
    assert done.returncode == 1
    assert "is not sent there" in done.stderr
    assert requests == []


@pytest.mark.parametrize(
    "to",
    [
        "HTTPS://user:{}@host.example/x",
        "https://user:a@{}@host.example/x",
        "oci://user:a/{}@host.example/a/b",
        "ftp://{}@host.example/x",
        "https://host.example/x?token={}",
        "user:{}@host.example/x",
        "//user:{}@host.example/x",
        "oci://{}@host.example",
    ],
)
@pytest.mark.parametrize("by_project", [True, False])
def test_line_08_a_login_in_a_url_never_comes_back(folder, clean_env, to, by_project):
    secret = "pw-4711-pw"
    url = to.format(secret)
    if by_project:
        publish_table(folder, f"to = {json.dumps(url)}")
    for options in ((), ("--json",)):
        done = run(folder, clean_env, "releases", *([] if by_project else [url]), *options)
        assert done.returncode in {1, 2}
        assert secret not in done.stdout + done.stderr
    assert not [path for path in folder.rglob("*") if secret in path.name]


@pytest.mark.runtime
@pytest.mark.parametrize("options", [("-v",), ("--json",)])
def test_line_08_a_login_of_an_index_does_not_come_back_in_what_uv_writes(folder, clean_env, options):
    secret = "pw-4711-pw"
    (folder / "runner.py").write_text("runner = None\n")
    workflow = folder / "tilebox.workflow.toml"
    workflow.write_text(workflow.read_text().replace('"*.py"', '"*.py", "pyproject.toml"'))
    with (folder / "pyproject.toml").open("a") as file:
        file.write(f'[[tool.uv.index]]\nname = "acme"\nurl = "https://user:a\'@{secret}@acme.example:99999/simple"\n')
    done = run(folder, clean_env, "build", "--no-cache", *options)
    assert done.returncode == 1
    assert "https://acme.example:99999/simple" in done.stdout + done.stderr
    assert secret not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("to", "meant"),
    [
        ("ghcr.io/acme/x", "oci://ghcr.io/acme/x"),
        ("localhost:5000/acme/x", "oci://localhost:5000/acme/x"),
        ("Tilebox", "tilebox"),
        ("TILEBOX", "tilebox"),
        ("tilebox:", "tilebox"),
        ("oci:/ghcr.io/acme/x", "oci://ghcr.io/acme/x"),
        ("https//api.tilebox.com", "https://api.tilebox.com"),
        ("releases", "./releases"),
        ("our/releases", "./our/releases"),
    ],
)
@pytest.mark.parametrize("by_project", [True, False])
def test_line_09_a_typo_is_not_a_folder(folder, clean_env, tmp_path, to, meant, by_project):
    release = write_release(tmp_path / "tree", tmp_path / "dist")
    before = sorted(folder.rglob("*"))
    if by_project:
        publish_table(folder, f'to = "{to}"')
    done = run(folder, clean_env, "publish", str(release), *([] if by_project else ["--to", to]))
    assert done.returncode == 1
    assert "is not a destination" in done.stderr
    assert f"did you mean {meant}?" in done.stderr
    assert sorted(folder.rglob("*")) == before, "something was created"


def test_line_09_a_folder_that_holds_a_store_may_be_named_plainly(folder, clean_env, tmp_path):
    release = write_release(tmp_path / "tree", tmp_path / "dist")
    assert run(folder, clean_env, "publish", str(release), "--to", "./releases").returncode == 0
    assert run(folder, clean_env, "releases", "releases").returncode == 0
