"""What people see of URLs never holds a secret."""

from __future__ import annotations

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
        ("https://user:pw%40host/x", "https://user/x"),
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
    assert hide_logins("mail a@b.example, see https://h/x?") == "mail a@b.example, see https://h/x?"
