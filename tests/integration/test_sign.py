"""`hatch-tilebox sign`, and what other commands say about the signature, with a Sigstore on loopback."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace

import pytest
from hand_made_releases import write_release
from output_schema import check_output
from private_sigstore import ISSUER, WORKFLOW, private_sigstore, token

from hatch_tilebox.attestations.statement import Provenance, Subject

pytestmark = pytest.mark.service

SIGNED_BY = f"signed by {WORKFLOW} (issuer {ISSUER})"
SIGNER = {"identity": WORKFLOW, "issuer": ISSUER, "repository": None, "ref": None, "commit": None}
PROVENANCE = Provenance(
    subjects=(),
    workflow="scene-qa-5y9aK2",
    project="scene-qa",
    version="1.0.0",
    fingerprint="c" * 64,
    origin="folder",
    source=None,
    lock=None,
    builder="urn:hatch-tilebox:builder:unknown",
    versions={},
)


@pytest.fixture
def release(tmp_path):
    """An archive and its statement."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "dist").mkdir()
    path = write_release(tmp_path / "tree", tmp_path / "dist")
    subject = Subject(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
    path.with_suffix(".provenance.json").write_bytes(replace(PROVENANCE, subjects=(subject,)).to_bytes())
    return path


@pytest.fixture
def run(tmp_path, clean_env):
    """A function that runs the command line, outside of CI."""
    env = {name: value for name, value in clean_env.items() if name not in {"GITHUB_ACTIONS", "GITLAB_CI"}}
    env |= {"XDG_DATA_HOME": str(tmp_path / "data"), "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def start(*arguments, **variables):
        command = [sys.executable, "-m", "hatch_tilebox", *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, env={**env, **variables}, capture_output=True, text=True, check=False)

    return start


@pytest.fixture
def trust(tmp_path):
    with private_sigstore(tmp_path) as (_, _, path):
        yield path


def test_a_signed_release_names_its_signer_everywhere(run, release, trust, tmp_path):
    assert f"{release}: unsigned" in run("verify", "--no-run", release).stdout
    signed = run("sign", release, "--trust-config", trust, SIGSTORE_ID_TOKEN=token())
    assert signed.returncode == 0, signed.stderr
    bundle = release.with_suffix(".provenance.sigstore.json")
    assert signed.stdout == f"{bundle}\n"
    assert SIGNED_BY in signed.stderr
    assert "WARNING" not in signed.stderr

    checked = run("verify", "--no-run", release, "--trust-config", trust)
    assert checked.stdout.splitlines()[-1] == f"{release}: {SIGNED_BY}"
    assert checked.stderr.count("unsafe") == 0
    assert f"Signature    {SIGNED_BY}\n" in run("inspect", release, "--trust-config", trust).stdout
    for command in (["verify", "--no-run"], ["inspect"]):
        report = check_output(command[0], run(*command, release, "--trust-config", trust, "--json").stdout)
        assert report["signer"] == SIGNER

    published = run("publish", release, "--to", "./store", "--json")
    assert published.returncode == 0, published.stderr
    (kept,) = (tmp_path / "store/attachments").glob("*/*.sigstore.json")
    assert kept.read_bytes() == bundle.read_bytes()
    assert run("fetch", "./store", "--to", "got").returncode == 0
    fetched = tmp_path / "got" / release.name
    assert f"{fetched}: {SIGNED_BY}" in run("verify", "--no-run", fetched, "--trust-config", trust).stdout


def test_the_result_as_json(run, release, trust):
    result = run("sign", release, "--trust-config", trust, "--json", SIGSTORE_ID_TOKEN=token())
    report = check_output("sign", result.stdout)
    assert report == {"path": str(release.with_suffix(".provenance.sigstore.json")), "signer": SIGNER}


def test_a_person_logs_in_with_a_browser(run, release, trust):
    code = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])"
    result = run("sign", release, "--login", "--trust-config", trust, BROWSER=f"{sys.executable} -c '{code}' %s")
    assert "signed by ada@example.org" in result.stderr
    assert "signed by ada@example.org" in run("verify", "--no-run", release, "--trust-config", trust).stdout


def test_a_signature_that_proves_nothing_stops_verify(run, release, trust):
    """Also before the code of the release is started."""
    assert run("sign", release, "--trust-config", trust, SIGSTORE_ID_TOKEN=token()).returncode == 0
    for options in ([], ["--no-run"]):
        result = run("verify", release, *options)  # with the keys of the public Sigstore
        assert (result.returncode, "TBX410" in result.stderr) == (1, True)
        assert "worker" not in result.stderr
    report = check_output("verify", run("verify", "--json", release).stdout)
    assert (report["ok"], report["signer"], [problem["code"] for problem in report["problems"]]) == (False, None, ["TBX410"])
    result = run("inspect", release)
    assert (result.returncode, "TBX410" in result.stderr, "Workflow" in result.stdout) == (1, True, True)


def test_without_an_identity_the_message_says_how_to_get_one(run, release):
    result = run("sign", release)
    assert result.returncode == 1
    assert "TBX411" in result.stderr
    assert "id-token: write" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["sign", "verify"])
def test_without_the_extra_the_message_says_how_to_install_it(run, release, tmp_path, command):
    (tmp_path / "sigstore.py").write_text("raise ModuleNotFoundError(\"No module named 'sigstore'\", name='sigstore')\n")
    release.with_suffix(".provenance.sigstore.json").write_text("{}")
    result = run(*([command, "--no-run"] if command == "verify" else [command]), release, PYTHONPATH=str(tmp_path))
    assert "TBX412" in result.stderr
    assert 'hatch-tilebox[cli,sign]"' in result.stderr
    if command == "verify":
        assert result.stdout.splitlines()[-1] == f"{release}: the signature is not checked"
    else:
        assert result.returncode == 1


def test_a_new_statement_removes_the_signature_of_the_old_one(project, clean_env):
    folder = project("scene_qa")
    (folder / "dist").mkdir()
    bundle = folder / "dist/scene_qa-1.2.0.provenance.sigstore.json"
    bundle.write_text("{}")
    command = [sys.executable, "-m", "hatch_tilebox", "build", "--quiet"]
    env = {**clean_env, "HATCH_TILEBOX_PROVENANCE": "true"}
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
    assert json.loads((folder / "dist/scene_qa-1.2.0.provenance.json").read_text())["subject"]
    assert not bundle.exists()
