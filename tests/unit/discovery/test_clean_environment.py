"""What of the user's environment processes of a workflow get."""

from __future__ import annotations

import pytest

from hatch_tilebox.discovery.clean_environment import install_environment, passed_variables, workflow_environment


@pytest.mark.parametrize(
    "name",
    [
        "ACME_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "CI_JOB_TOKEN",
        "GITHUB_TOKEN",
        "VIRTUAL_ENV",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONDONTWRITEBYTECODE",
        "PIP_BUILD_TRACKER",
        "HATCH_BUILD_CLEAN",
        "HATCH_UV",
        "HATCH_TILEBOX_PASS_ENVIRONMENT",
        "_PYPROJECT_HOOKS_BUILD_BACKEND",
        "PEP517_BUILD_BACKEND",
        "UV_PROJECT_ENVIRONMENT",
        "UV_FROZEN",
        "TILEBOX_WORKER_ADDRESS",
        "TILEBOX_RUNTIME_TOKEN",
    ],
)
def test_dropped(name, monkeypatch):
    monkeypatch.setenv(name, "/x")
    assert name not in workflow_environment()
    assert name not in install_environment()


@pytest.mark.parametrize(
    "name", ["UV_CACHE_DIR", "UV_OFFLINE", "UV_PYTHON", "SSL_CERT_FILE", "https_proxy", "HOME", "LC_ALL", "TMPDIR"]
)
def test_kept(name, monkeypatch):
    monkeypatch.setenv(name, "/x")
    assert workflow_environment()[name] == "/x"
    assert install_environment()[name] == "/x"


@pytest.mark.parametrize(
    "name",
    ["UV_INDEX_ACME_PASSWORD", "UV_INDEX_ACME_USERNAME", "UV_PUBLISH_TOKEN", "UV_KEYRING_PROVIDER", "SSH_AUTH_SOCK", "CFLAGS"],
)
def test_what_installing_needs_does_not_reach_the_workflow(name, monkeypatch):
    monkeypatch.setenv(name, "/x")
    assert name not in workflow_environment()


def test_a_key_that_opens_nothing(monkeypatch):
    monkeypatch.setenv("TILEBOX_API_KEY", "real")
    monkeypatch.setenv("TILEBOX_API_URL", "https://api.example.com")
    environment = workflow_environment()
    assert environment["TILEBOX_API_KEY"] != "real"
    assert environment["TILEBOX_API_URL"].startswith("http://127.0.0.1:")
    assert not {"TILEBOX_API_KEY", "TILEBOX_API_URL"} & install_environment().keys()


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ([], {}),
        (["ACME_*"], {"ACME_TOKEN": "t", "ACME_URL": "u"}),
        (["ACME_TOKEN", "NOT_SET"], {"ACME_TOKEN": "t"}),
        (["ACME_TOKEN", "ACME_TOKEN=other"], {"ACME_TOKEN": "other"}),
        (["NEW=a=b", "EMPTY="], {"EMPTY": "", "NEW": "a=b"}),
        (["acme_*"], {}),
    ],
)
def test_what_is_let_through(patterns, expected):
    assert passed_variables(patterns, {"ACME_URL": "u", "ACME_TOKEN": "t", "OTHER": "o"}) == expected


def test_no_pattern_stands_for_what_a_build_decides_about():
    environ = {"TILEBOX_API_KEY": "k", "TILEBOX_LOG_LEVEL": "DEBUG", "PYTHONPATH": "/x", "UV_INDEX": "u"}
    assert passed_variables(["TILEBOX_*", "P*", "UV_*"], environ) == {"TILEBOX_LOG_LEVEL": "DEBUG"}
    assert workflow_environment(passed_variables(["TILEBOX_API_KEY=k"]))["TILEBOX_API_KEY"] != "k"


def test_what_was_asked_for_counts_whether_it_is_set_or_not():
    passed = passed_variables(["ACME_*", "REGION=north", "OTHER"], {"ACME_TOKEN": "t"})
    assert [passed.requests(name) for name in ("ACME_TOKEN", "ACME_URL", "REGION", "OTHER", "HOME")] == [
        True,
        True,
        True,
        True,
        False,
    ]
    assert passed.exact == ("OTHER", "REGION")


def test_keys_for_publishing_are_not_even_for_installing(monkeypatch):
    monkeypatch.setenv("UV_PUBLISH_TOKEN", "t")
    assert "UV_PUBLISH_TOKEN" not in install_environment()
