"""Policies as a gate: `verify`, `publish` and `deploy` with a store in a folder."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pytest
from hand_made_releases import GREET, write_release, write_sbom
from output_schema import check_output
from private_sigstore import ISSUER, WORKFLOW, private_sigstore, token

from hatch_tilebox.attestations.statement import Provenance, Subject
from hatch_tilebox.core.model import Task
from hatch_tilebox.core.source_commit import SourceCommit

pytestmark = pytest.mark.service

SLUG = "scene-qa-5y9aK2"
STRICT = """\
repository = "https://github.com/acme/flows"
branches = ["main"]
clean-tree = true
sbom = true
compatible = true
"""


@pytest.fixture
def run(tmp_path, clean_env):
    """A function that runs the command line in an empty folder."""
    env = {name: value for name, value in clean_env.items() if not name.startswith(("GITHUB_", "GITLAB_", "TILEBOX_"))}
    env |= {"XDG_DATA_HOME": str(tmp_path / "data"), "XDG_CACHE_HOME": str(tmp_path / "cache"), "HATCH_CONFIG": os.devnull}

    def start(*arguments, code=0, **variables):
        command = [sys.executable, "-m", "hatch_tilebox", *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, env={**env, **variables}, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return start


@pytest.fixture
def make(tmp_path):
    """A function that writes a release with its documents."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "policy.toml").write_text(STRICT)

    def write(version="1.0.0", ref="refs/heads/main", modified=(), **release):
        dist = tmp_path / f"dist-{version}"
        dist.mkdir()
        path = write_release(tmp_path / "tree", dist, version=version, **release)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        source = SourceCommit("d" * 40, "https://github.com/acme/flows", modified, ref)
        statement = Provenance(
            (Subject(path.name, digest),), SLUG, "scene-qa", version, "c" * 64,
            "repository", source, None, "urn:hatch-tilebox:builder:unknown", {},
        )  # fmt: skip
        path.with_suffix(".provenance.json").write_bytes(statement.to_bytes())
        write_sbom(path)
        return path

    return write


def test_verify_reports_all_broken_rules(run, make):
    good = run("verify", make(), "--no-run", "--policy", "policy.toml", "--json")
    assert check_output("verify", good.stdout)["ok"]
    bad = make("1.1.0", ref="refs/heads/dev", modified=("a.py",))
    bad.with_suffix(".cdx.json").unlink()
    found = check_output("verify", run("verify", bad, "--no-run", "--policy", "policy.toml", "--json", code=1).stdout)
    assert [problem["code"] for problem in found["problems"]] == ["TBX532", "TBX533", "TBX534"]
    assert [(problem["file"], problem["line"]) for problem in found["problems"]] == [("policy.toml", line) for line in (2, 3, 4)]


def test_a_wrong_policy_is_refused(run, make, tmp_path):
    (tmp_path / "policy.toml").write_text("sbom = true\nclean = true\n")
    for command in (["verify", "--no-run"], ["publish", "--to", "./store"]):
        done = run(command[0], make(f"1.{len(command)}.0"), *command[1:], "--policy", "policy.toml", code=1)
        assert "policy.toml:2:1" in done.stderr
        assert "TBX012" in done.stderr


def test_publish_and_deploy_are_stopped(run, make):
    to = ("--to", "./store")
    first = json.loads(run("publish", make(), *to, "--policy", "policy.toml", "--json").stdout)
    assert {"step": "policy", "result": "done", "detail": "policy.toml"} in first["steps"]
    deploy = ("deploy", *to, "--workflow", SLUG, "--cluster", "production", "--policy", "policy.toml")
    run(*deploy, "--release", first["id"])

    bad = make("1.1.0", modified=("a.py",), tasks=(GREET, Task("tests.Other", "v1.0")))
    refused = run("publish", bad, *to, "--policy", "policy.toml", code=1)
    assert "TBX533" in refused.stderr
    assert json.loads(run("releases", "store", "--json").stdout)["releases"][0]["id"] == first["id"]
    second = json.loads(run("publish", bad, *to, "--json").stdout)
    refused = run(*deploy, "--release", second["id"], code=1)
    assert "TBX533" in refused.stderr
    assert "TBX536" not in refused.stderr

    incompatible = make("2.0.0", tasks=(Task("tests.Other", "v1.0"),))
    third = json.loads(run("publish", incompatible, *to, "--json").stdout)
    refused = run(*deploy, "--release", third["id"], "--dry-run", code=1)
    assert "TBX536" in refused.stderr
    assert "TBX533" not in refused.stderr
    there = json.loads(run("releases", "store", "--json").stdout)["releases"]
    assert {each["id"]: each["clusters"] for each in there}[first["id"]] == ["production"]


def test_deploy_reads_the_documents_at_the_destination(run, make):
    release = make()
    release.with_suffix(".provenance.json").unlink()
    published = json.loads(run("publish", release, "--to", "./store", "--json").stdout)
    deploy = ("deploy", "--to", "./store", "--workflow", SLUG, "--release", published["id"], "--policy", "policy.toml")
    refused = run(*deploy, code=1)
    assert {code for code in ("TBX531", "TBX532", "TBX533", "TBX534") if code in refused.stderr} == {"TBX531", "TBX532", "TBX533"}


def test_signed_by(run, make, tmp_path):
    release = make()
    with private_sigstore(tmp_path) as (_, _, trust):
        rule = f'[signed-by]\nidentity = "{{}}"\nissuer = "{ISSUER}"\ntrust-config = "{trust}"\n'
        (tmp_path / "policy.toml").write_text(rule.format("https://github.com/acme/flows/*@refs/heads/main"))
        (tmp_path / "other.toml").write_text(rule.format("https://github.com/evil/*"))
        publish = ("publish", release, "--to", "./store", "--policy")
        assert "TBX530" in run(*publish, "policy.toml", code=1).stderr
        run("sign", release, "--trust-config", trust, SIGSTORE_ID_TOKEN=token())
        assert WORKFLOW in run(*publish, "other.toml", code=1).stderr
        published = json.loads(run(*publish, "policy.toml", "--json").stdout)
        deploy = ("deploy", "--to", "./store", "--workflow", SLUG, "--release", published["id"], "--policy")
        assert "TBX530" in run(*deploy, "other.toml", code=1).stderr
        run(*deploy, "policy.toml")
        run("verify", release, "--no-run", "--policy", "policy.toml", "--trust-config", trust)


def test_the_certificate_must_name_the_repository_and_the_branch_too(run, make, tmp_path):
    release = make()
    with private_sigstore(tmp_path) as (_, _, trust):
        with (tmp_path / "policy.toml").open("a") as file:
            file.write(f'[signed-by]\nidentity = "*"\nissuer = "{ISSUER}"\n')
        verify = ("verify", release, "--no-run", "--policy", "policy.toml", "--trust-config", trust)
        true = {"repository": "https://github.com/acme/flows", "ref": "refs/heads/main"}
        for claims, codes in (
            (true, []),
            ({**true, "repository": "https://github.com/acme/evil"}, ["TBX531"]),
            ({**true, "ref": "refs/heads/dev"}, ["TBX532"]),
        ):
            run("sign", release, "--trust-config", trust, SIGSTORE_ID_TOKEN=token(**claims))
            found = json.loads(run(*verify, "--json", code=1 if codes else 0).stdout)
            assert [problem["code"] for problem in found["problems"]] == codes
