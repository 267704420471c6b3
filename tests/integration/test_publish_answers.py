"""Services that answer with unexpected JSON cause an error message, and no file is written outside the target.

Real services answer; one value of an answer is then another one before we see it.
"""

from __future__ import annotations

import contextlib
import random

import pytest
from other_values import REMOVED, paths, replaced

from hatch_tilebox.core.errors import PublishError, TileboxError
from hatch_tilebox.plugins.destination import PublishedRelease
from hatch_tilebox.publish.deployment import deploy_release, undeploy_release
from hatch_tilebox.publish.fetch import fetch_release, select_published
from hatch_tilebox.publish.http import client as http
from hatch_tilebox.publish.http.retries import Retries
from hatch_tilebox.publish.oci.repository import OciRepository
from hatch_tilebox.publish.service import open_release, publish_release
from hatch_tilebox.publish.store import ReleaseStore
from hatch_tilebox.publish.tilebox.api import TileboxApi

pytestmark = pytest.mark.service

QUICK = Retries(attempts=2, first=0.001, longest=0.002)
SLUG = "scene-qa-5y9aK2"
OTHERS = (3, True, None, "x", "", "sha256:../../x", [], [3], {}, {"a": 3}, REMOVED)
ROUNDS = 150


@pytest.fixture
def damaged(monkeypatch):
    """A function that damages every second answer from now on, by a seed."""
    real = http.parse_json

    def damage(seed):
        choice = random.Random(seed)
        monkeypatch.setattr(http, "parse_json", lambda data: other(real(data), choice))

    yield damage
    monkeypatch.undo()


def other(value, choice):
    if choice.random() < 0.5:
        return value
    path, new = choice.choice(list(paths(value))), choice.choice(OTHERS)
    if not path:
        return None if new is REMOVED else new
    return replaced(value, path, new)


def try_all(destination, *actions):
    with contextlib.closing(destination):
        for action in actions:
            with contextlib.suppress(TileboxError):
                action(destination)


def test_oci(oci_registry, make_release, tmp_path, damaged):
    url = f"oci://127.0.0.1:{oci_registry()}/acme/scene-qa"
    old, new = open_release(make_release()), open_release(make_release(version="2.0"))
    with contextlib.closing(OciRepository(url, retries=QUICK)) as repository:
        release = publish_release(old, repository).release
    for seed in range(ROUNDS):
        damaged(seed)
        try_all(
            OciRepository(url, retries=QUICK),
            lambda repository: repository.find(old),
            lambda repository: repository.releases(None),
            lambda repository: repository.latest(SLUG),
            lambda repository: repository.manifest(release),
            lambda repository: fetch_release(repository, select_published(repository, None, None), tmp_path / "fetched"),
            lambda repository: publish_release(new, repository, dry_run=True),
        )
    assert {path.suffix for path in (tmp_path / "fetched").iterdir()} == {".tbrelease"}


def connect(served):
    return TileboxApi(served.url, served.key, artifact_url=f"{served.url}/artifacts", retries=QUICK)


def test_tilebox(tilebox_api, make_release, damaged):
    tilebox_api.sdk(f"result = client.workflows().create({SLUG!r}, 'a test').slug")
    old, new = open_release(make_release()), open_release(make_release(version="2.0"))
    with contextlib.closing(connect(tilebox_api)) as api:
        release = publish_release(old, api).release
    for seed in range(ROUNDS):
        damaged(seed)
        try_all(
            connect(tilebox_api),
            lambda api: api.find(old),
            lambda api: api.releases(None),
            lambda api: api.latest(SLUG),
            lambda api: publish_release(new, api),
            lambda api: deploy_release(api, release, ()),
            lambda api: undeploy_release(api, release.workflow, release.id, ()),
        )


@pytest.mark.parametrize("digest", ["/../../evil", "", "A" * 64])
def test_a_digest_that_is_none_names_no_file(digest, tmp_path):
    release = PublishedRelease("1", SLUG, digest, "f", "https://example.org")
    with pytest.raises(PublishError, match="which is not a digest"):
        fetch_release(ReleaseStore(tmp_path / "store"), release, tmp_path / "a" / "b")
    assert not list(tmp_path.iterdir())
