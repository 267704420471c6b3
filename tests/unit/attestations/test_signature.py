"""Signing with the real library and a Sigstore on loopback, and signatures that prove nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import replace

import pytest
from private_sigstore import ISSUER, WORKFLOW, PrivateSigstore, private_sigstore, token
from test_statement import PROVENANCE

from hatch_tilebox.attestations.bundle import MAX_BUNDLE_SIZE, Signer
from hatch_tilebox.attestations.signature import check_signature
from hatch_tilebox.attestations.signing import sign_release
from hatch_tilebox.attestations.statement import Subject
from hatch_tilebox.core.errors import ArchiveError

DIGEST = hashlib.sha256(b"a release").hexdigest()
COMMIT = "d" * 40


class Signed:
    """A signed release in a folder."""

    def __init__(self, folder, sigstore, url, trust):
        self.archive = folder / "scene_qa-1.2.0.tbrelease"
        self.statement = folder / "scene_qa-1.2.0.provenance.json"
        self.bundle = folder / "scene_qa-1.2.0.provenance.sigstore.json"
        self.sigstore, self.url, self.trust = sigstore, url, trust
        self.archive.write_bytes(b"a release")
        self.statement.write_bytes(replace(PROVENANCE, subjects=(Subject(self.archive.name, DIGEST),)).to_bytes())

    def sign(self, identity=None, **options):
        environ = {} if identity is None else {"SIGSTORE_ID_TOKEN": identity}
        return sign_release(self.archive, **{"trust": self.trust, "login": False, "environ": environ, **options})

    def check(self, digest=DIGEST, trust=None):
        return check_signature(self.archive, digest, trust or self.trust)

    def refused(self, **options):
        with pytest.raises(ArchiveError) as raised:
            self.check(**options)
        (problem,) = raised.value.problems
        return problem


@pytest.fixture(autouse=True)
def _no_job(monkeypatch, tmp_path):
    """The tests run in no CI job, and with the trusted root of the library's release."""
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI"):
        monkeypatch.delenv(name, raising=False)
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))


@pytest.fixture
def unsigned(tmp_path):
    with private_sigstore(tmp_path) as (sigstore, url, trust):
        yield Signed(tmp_path, sigstore, url, trust)


@pytest.fixture
def signed(unsigned):
    unsigned.sign(token())
    return unsigned


def test_the_identity_of_a_workflow_is_in_the_signature(unsigned):
    assert unsigned.check() is None
    claims = {"repository": "https://github.com/acme/flows", "ref": "refs/heads/main", "sha": COMMIT}
    signer = unsigned.sign(token(**claims))
    assert signer == Signer(WORKFLOW, ISSUER, claims["repository"], claims["ref"], COMMIT)
    assert unsigned.sigstore.requests == ["/api/v2/signingCert", "/api/v1/log/entries"]
    bundle = json.loads(unsigned.bundle.read_bytes())
    assert bundle["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    assert base64.b64decode(bundle["dsseEnvelope"]["payload"]) == unsigned.statement.read_bytes()
    assert unsigned.check() == signer
    assert len(unsigned.sigstore.requests) == 2


def test_a_later_entry_of_the_log_is_proved(unsigned):
    for number in range(3):
        unsigned.sign(token(f"https://example.org/{number}"))
    assert unsigned.check().identity == "https://example.org/2"


def test_a_job_on_github_gets_its_token(unsigned, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with pytest.raises(ArchiveError, match="insufficient OIDC token permissions"):
        unsigned.sign()
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "job")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{unsigned.url}/token?job=7")
    assert unsigned.sign() == unsigned.check() == Signer(WORKFLOW, ISSUER)


def test_without_an_identity_it_says_how_to_get_one(unsigned):
    with pytest.raises(ArchiveError, match="no identity to sign with") as raised:
        unsigned.sign()
    (problem,) = raised.value.problems
    assert problem.code == "TBX411"
    assert "id-token: write" in problem.hint
    assert unsigned.sigstore.requests == []
    assert not unsigned.bundle.exists()


@pytest.mark.parametrize("identity", ["", "no token", token(aud="other"), token(exp=1)], ids=["none", "broken", "aud", "expired"])
def test_a_wrong_token_is_refused(unsigned, identity):
    with pytest.raises(ArchiveError):
        unsigned.sign(identity)
    assert not unsigned.bundle.exists()


def test_only_a_statement_about_the_archive_is_signed(unsigned):
    unsigned.archive.write_bytes(b"another release")
    with pytest.raises(ArchiveError, match="not about"):
        unsigned.sign(token())
    unsigned.statement.unlink()
    with pytest.raises(ArchiveError, match="no statement of provenance to sign"):
        unsigned.sign(token())
    assert unsigned.sigstore.requests == []


def test_a_log_with_another_key_is_not_trusted(unsigned):
    config = json.loads(unsigned.trust.read_bytes())
    config["trustedRoot"]["tlogs"] = PrivateSigstore().trust_config(unsigned.url)["trustedRoot"]["tlogs"]
    unsigned.trust.write_text(json.dumps(config))
    with pytest.raises(ArchiveError, match="Sigstore does not sign the statement"):
        unsigned.sign(token())
    assert not unsigned.bundle.exists()


def test_without_the_service_nothing_is_written(unsigned):
    config = unsigned.trust.read_text().replace(unsigned.url, "http://127.0.0.1:1")
    unsigned.trust.write_text(config)
    with pytest.raises(ArchiveError) as raised:
        unsigned.sign(token())
    assert raised.value.problems[0].code == "TBX411"
    assert not unsigned.bundle.exists()


def test_another_statement_is_not_signed(signed):
    text = signed.statement.read_text()
    signed.statement.write_text(text.replace('"modified": [', '"modified": [\n'))
    problem = signed.refused()
    assert (problem.code, "it signs another statement" in problem.message) == ("TBX410", True)
    signed.statement.unlink()
    assert "is missing" in signed.refused().message


def test_the_signature_of_another_release_is_refused(signed):
    problem = signed.refused(digest="f" * 64)
    assert problem.code == "TBX521"


def test_another_sigstore_is_not_trusted(signed, tmp_path):
    other = tmp_path / "other.json"
    other.write_text(json.dumps(PrivateSigstore().trust_config(signed.url)))
    assert "--trust-config" in signed.refused(trust=other).hint
    with pytest.raises(ArchiveError, match="signature is not valid"):
        check_signature(signed.archive, DIGEST)  # the public one


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"\xff", b'{"mediaType": 7}', b"[" * 200_000])
def test_a_trust_config_is_checked(signed, tmp_path, content):
    other = tmp_path / "other.json"
    other.write_bytes(content)
    problem = signed.refused(trust=other)
    assert (problem.code, problem.location.path) == ("TBX413", str(other))


def paths(value, *path):
    """Yield the path of every text in a JSON value."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(item, *path, key)
    else:
        yield path


def test_no_part_of_a_signature_can_be_changed(signed):
    whole = json.loads(signed.bundle.read_bytes())
    changed = 0
    for path in paths(whole):
        for value in (None, "", "AAAA", "7", 7, [], {"a": 1}):
            bundle = item = json.loads(signed.bundle.read_bytes())
            for key in path[:-1]:
                item = item[key]
            if item[path[-1]] == value:
                continue
            item[path[-1]] = value
            signed.bundle.write_text(json.dumps(bundle))
            try:
                signer = signed.check()
            except ArchiveError as error:
                assert [problem.code for problem in error.problems] == ["TBX410"]  # noqa: PT017 -- or the signer is the same
                changed += 1
            else:
                assert signer == Signer(WORKFLOW, ISSUER), path
            signed.bundle.write_text(json.dumps(whole))
    assert changed > 80


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"\xff", b"[]", b"[" * 200_000, b'{"a":' * 200_000, b"null"])
def test_what_is_no_bundle_is_refused(signed, content):
    signed.bundle.write_bytes(content)
    assert signed.refused().code == "TBX410"


def test_a_large_bundle_is_not_read(signed):
    os.truncate(signed.bundle, 100 * 2**20)
    assert f"more than {MAX_BUNDLE_SIZE // 2**20} MiB" in signed.refused().message
