"""Addresses of remotes."""

from __future__ import annotations

import pytest

from hatch_tilebox.project.git import repository_url


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("https://github.com/acme/flows.git", "https://github.com/acme/flows.git"),
        ("https://ada:pass@example.org/acme/flows.git?token=x", "https://example.org/acme/flows.git"),
        ("git@github.com:acme/flows.git", "ssh://git@github.com/acme/flows.git"),
        ("github.com:/acme/flows.git", "ssh://github.com/acme/flows.git"),
        ("ada@example.org:flows.git", "ssh://example.org/flows.git"),
        ("ssh://git@example.org:2222/acme/flows.git", "ssh://git@example.org:2222/acme/flows.git"),
        ("ssh://ada:pass@example.org/flows.git", "ssh://example.org/flows.git"),
        ("file:///srv/flows.git", "file:///srv/flows.git"),
        ("/srv/flows.git", "file:///srv/flows.git"),
        ("../flows", "../flows"),
    ],
)
def test_a_remote_is_a_url_without_logins(remote, url):
    assert repository_url(remote) == url
