"""Displayed URLs never contain a secret."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hatch_tilebox.core.urls import display_url, hide_logins

DIGEST = f"@sha256:{'0123456789abcdef' * 4}"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://host/x", "https://host/x"),
        ("HTTPS://user:pw@host/x", "HTTPS://host/x"),
        ("https://user:a@pw@host/x", "https://host/x"),
        ("oci://user:a/pw@host/a/b", "oci://host/a/b"),
        ("ftp://user:pw@host", "ftp://host"),
        ("https://host/x?token=pw#pw", "https://host/x"),
        ("user:pw@host/x", "host/x"),
        ("//user:pw@host/x", "host/x"),
        ("https:/user:pw@host/x", "https:/host/x"),
        ("https:\\\\user:pw@host\\x", "https:\\\\host\\x"),
        ("  https://user:pw@host/x", "https://host/x"),
        ("https://user:pw%40host/x", "https://host/x"),
        ("https://pw%40host/x", "https://host/x"),
        ("https://[::1]:pw/x", "https://[::1]:/x"),
        ("https://user:p?w@host/x", "https://…"),
        ("https://token@host:8443/x", "https://host:8443/x"),
        ("https://[::1]:8080/x", "https://[::1]:8080/x"),
        (f"oci://ghcr.io/acme/scene-qa{DIGEST}", f"oci://ghcr.io/acme/scene-qa{DIGEST}"),
        (f"oci://user:pw@ghcr.io/acme/scene-qa{DIGEST}", f"oci://ghcr.io/acme/scene-qa{DIGEST}"),
        ("tilebox", "tilebox"),
        ("./releases", "./releases"),
    ],
)
def test_display_url(url, shown):
    assert display_url(url) == shown


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=12)
SCHEMES = st.sampled_from(["https://", "HTTP://", "oci://", "ftp://", "https:/", "https:\\\\", "//", "s3+x://", "", "  https://"])


@given(scheme=SCHEMES, before=TEXT, after=TEXT, host=st.sampled_from(["host", "h.example:8443", "[::1]:80", "u@host"]), path=TEXT)
@example(scheme="https://", before="u:", after="/x", host="host", path="")
def test_no_login_is_shown(scheme, before, after, host, path):
    secret = "S3CRET-4711"
    assert secret not in display_url(f"{scheme}{before}{secret}{after}@{host}/{path}")
    assert secret not in display_url(f"{scheme}{host}/{path}?{before}{secret}{after}")


def test_urls_in_a_text():
    text = f"GET https://u:S3@h/x?token=S3 failed, index https://S3@pypi.example/simple, release oci://ghcr.io/a/b{DIGEST}"
    assert hide_logins(text) == f"GET https://h/x failed, index https://pypi.example/simple, release oci://ghcr.io/a/b{DIGEST}"


def test_a_workflow_at_a_branch_is_shown_whole():
    text = "signed by https://github.com/a/b/.github/workflows/release.yml@refs/tags/v1 (issuer https://example.org)"
    assert hide_logins(text) == text
    assert "S3" not in hide_logins("https://u:S3@github.com/a/b@refs/heads/main and https://u:S3/x@refs/heads/main")
    assert hide_logins("mail a@b.example, see https://h/x?") == "mail a@b.example, see https://h/x?"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("index https://user:a@S3@host/x now", "index https://host/x now"),
        ("url = 'https://user:a'S3@host/x'", "url = 'https://host/x'"),
        ("GET oci://host/x?token=a@S3: refused", "GET oci://…: refused"),
        ("(https:/host/x?token=S3)", "(https:/host/x)"),
        ("https://S3%40host/x#S3", "https://host/x"),
        ("git+ssh://git@host:acme/x.git", "git+ssh://host:acme/x.git"),
        ("x://user:S3@host", "x://host"),
        ("file:///ci/job@2/dist and C:\\job@2\\dist", "file:///ci/job@2/dist and C:\\job@2\\dist"),
    ],
)
def test_no_part_of_a_login_stays_in_a_text(text, shown):
    assert hide_logins(text) == shown


@given(
    scheme=SCHEMES.filter(lambda scheme: ":" in scheme),
    before=TEXT,
    after=TEXT,
    around=st.sampled_from(["{}", "'{}'", "({}), and"]),
)
def test_no_login_is_shown_in_a_text(scheme, before, after, around):
    """A URL in a text ends at a space, a double quote, a backquote and angle brackets, none of which a URL may have."""
    before, after = ("".join(char for char in text if not char.isspace() and char not in '"`<>') for text in (before, after))
    for url in (f"{scheme}{before}S3CRET-4711{after}@host/x", f"{scheme}host/x?{before}S3CRET-4711{after}"):
        assert "S3CRET-4711" not in hide_logins(f"see {around.format(url)} there")


@pytest.mark.parametrize("part", ["a.", "a-", "a:", "a://", "a://?", "https://h@", "?", "%40", "[", "https://h/?@"])
@pytest.mark.parametrize("show", [display_url, hide_logins])
def test_the_time_grows_with_the_length(part, show):
    """A server chooses what it answers: 64 KiB of it once took a quarter of a minute."""
    started = time.process_time()
    show(part * (2**17 // len(part)))
    assert time.process_time() - started < 1
