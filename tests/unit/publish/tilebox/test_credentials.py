from __future__ import annotations

import base64
import json
import sys

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from hatch_tilebox.core.errors import PublishError
from hatch_tilebox.publish.oci.docker_login import DockerLogin, find_login
from hatch_tilebox.publish.tilebox.credentials import api_key

URL = "https://api.example"


class MemoryKeyring(KeyringBackend):
    """A separate keyring for each test, which can be locked."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.kept, self.locked, self.error = {}, False, None

    def get_password(self, service, username):
        if self.locked:
            raise KeyringLocked
        if self.error is not None:
            raise self.error
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password


@pytest.fixture(autouse=True)
def backend(monkeypatch):
    """The backend that the library uses during a test."""
    before, backend = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(backend)
    monkeypatch.delenv("TILEBOX_API_KEY", raising=False)
    yield backend
    keyring.set_keyring(before)


def test_environment_then_keyring_then_question(monkeypatch):
    assert api_key(URL, lambda question: f"typed for {question}".replace(" ", "-")) == f"typed-for-Key-for-{URL}"
    keyring.set_password(URL, "__token__", "kept")
    assert api_key(URL, None) == "kept"
    monkeypatch.setenv("TILEBOX_API_KEY", " set\n")
    assert api_key(URL, None) == "set"


def test_no_key_tells_where_to_put_one():
    with pytest.raises(
        PublishError, match=f"no key for {URL}\n  hint: set TILEBOX_API_KEY, or keep the key with: keyring set {URL}"
    ):
        api_key(URL, None)


@pytest.mark.parametrize("key", ["two words", "new\nline", "ümlaut", "bell\x07"])
def test_a_key_that_no_header_can_hold_is_not_repeated(monkeypatch, key):
    monkeypatch.setenv("TILEBOX_API_KEY", key)
    with pytest.raises(PublishError, match="has characters that are not allowed in a key") as caught:
        api_key(URL, None)
    assert key not in str(caught.value)


@pytest.mark.parametrize("error", [RuntimeError("no D-Bus"), OSError("locked"), ImportError("dbus"), KeyError("HOME")])
def test_whatever_a_keyring_raises_the_user_is_asked(backend, error):
    backend.error = error
    assert api_key(URL, lambda _: "typed") == "typed"
    with pytest.raises(PublishError, match="there is no key"):
        api_key(URL, None)


def test_a_keyring_that_is_not_installed_or_locked_is_passed_over(backend, monkeypatch):
    backend.locked = True
    assert api_key(URL, lambda _question: "typed") == "typed"
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert api_key(URL, lambda _question: "typed") == "typed"


@pytest.fixture
def docker(tmp_path):
    def write(config):
        (tmp_path / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
        return {"DOCKER_CONFIG": str(tmp_path)}

    return write


def encoded(text):
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("host", "entry", "expected"),
    [
        ("ghcr.io", {"ghcr.io": {"auth": encoded("ada:pa:ss")}}, DockerLogin("ada", "pa:ss")),
        ("ghcr.io", {"https://ghcr.io": {"username": "ada", "password": "p"}}, DockerLogin("ada", "p")),
        ("a:5000", {"a:5000": {"identitytoken": "t", "auth": encoded("x:")}}, DockerLogin(identity_token="t")),
        ("docker.io", {"https://index.docker.io/v1/": {"auth": encoded("ada:p")}}, DockerLogin("ada", "p")),
        ("other.io", {"ghcr.io": {"auth": encoded("ada:p")}}, None),
        ("ghcr.io", {"ghcr.io": {}}, None),
    ],
)
def test_what_docker_login_wrote_is_read(docker, host, entry, expected):
    assert find_login(host, docker({"auths": entry})) == expected


def test_no_docker_no_credentials(tmp_path):
    assert find_login("ghcr.io", {"DOCKER_CONFIG": str(tmp_path / "none")}) is None


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ('{"auths": {"ghcr.io": {"auth": "s3cr"', "is not JSON"),
        ({"auths": {"ghcr.io": {"auth": "s3cret!"}}}, "auths.ghcr.io.auth is not base64"),
        ({"credHelpers": {"ghcr.io": "is-not-installed"}}, "docker-credential-is-not-installed cannot be run"),
    ],
)
def test_a_broken_configuration_is_named_and_not_quoted(docker, config, says):
    with pytest.raises(PublishError, match=says) as caught:
        find_login("ghcr.io", docker(config))
    assert "s3cr" not in str(caught.value)


def test_credentials_do_not_show_in_a_repr():
    assert "pa-ss" not in repr(DockerLogin("ada", "pa-ss", "pa-ss"))
