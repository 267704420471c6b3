from __future__ import annotations

import pytest

from hatch_tilebox.core.errors import ArchiveError, PluginError, PublishError
from hatch_tilebox.core.model import Project, Task
from hatch_tilebox.plugins import hookimpl
from hatch_tilebox.publish import open as destinations
from hatch_tilebox.publish.locate import find_release
from hatch_tilebox.publish.open import open_destination
from hatch_tilebox.publish.service import open_release
from hatch_tilebox.publish.settings import Settings
from hatch_tilebox.publish.store import ReleaseStore
from hatch_tilebox.publish.tilebox.api import TileboxApi


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"slug": "../../etc"}, "workflow.slug must be a slug: 1 to 100 ASCII letters"),
        ({"tasks": ()}, "the release has no tasks"),
        ({"tasks": (Task("é" * 129, "v1.0"),)}, "is longer than 256 bytes"),
        ({"tasks": (Task("a", "1.0"),)}, "version must be of the form v1.0, not '1.0'"),
    ],
)
def test_what_no_service_takes_is_refused_before_anything_is_sent(make_release, options, says):
    with pytest.raises((ArchiveError, PublishError), match=says.replace(".", r"\.")):
        open_release(make_release(**options))


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    (tmp_path / "x.tbrelease").write_bytes(b"PK\x03\x04")
    with pytest.raises(ArchiveError, match=r"is not a \.tbrelease"):
        open_release(tmp_path / "x.tbrelease")


def test_the_archive_of_the_current_version_is_found(make_release):
    path = make_release(name="Scene.QA")
    for other in ({"version": "2.0.0"}, {"name": "other"}):
        make_release(**other).rename(path.parent / f"other{len(other)}{next(iter(other))}.tbrelease")
    (path.parent / "broken.tbrelease").write_bytes(b"?")
    assert find_release([path.parent], Project("scene_qa", "1.0.0")) == path
    with pytest.raises(PublishError, match=r"no release of scene-qa 3 in .*\n.*; or name one of these:\n(    .*\n?){4}$"):
        find_release([path.parent], Project("scene-qa", "3"))


def test_files_that_are_named_need_no_project(make_release):
    path = make_release()
    assert find_release([path], None) == path
    assert find_release([path.parent], None) == path
    with pytest.raises(PublishError, match="several releases"):
        find_release([path, make_release(version="2")], None)
    with pytest.raises(PublishError, match="no release in"):
        find_release([path.with_suffix(".whl")], None)


@pytest.fixture
def open_(tmp_path, monkeypatch):
    monkeypatch.setenv("TILEBOX_API_KEY", "k")
    monkeypatch.delenv("TILEBOX_API_URL", raising=False)

    def open_it(to, **settings):
        with open_destination(Settings(to=to, **settings), tmp_path) as destination:
            return destination

    return open_it


def test_destinations_are_known_by_what_is_written(open_, tmp_path, monkeypatch):
    assert open_("./releases").root == tmp_path / "releases"
    assert open_(str(tmp_path / "x")).root == tmp_path / "x"
    assert open_((tmp_path / "with space").as_uri()).root == tmp_path / "with space"
    assert open_("tilebox").url == "https://api.tilebox.com"
    monkeypatch.setenv("TILEBOX_API_URL", "https://tilebox.example/")
    assert open_("tilebox").url == "https://tilebox.example"
    assert isinstance(open_("http://127.0.0.1:8000"), TileboxApi)
    assert open_("oci://ghcr.io/acme/scene-qa").url == "oci://ghcr.io/acme/scene-qa"


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ("s3://bucket", "'s3://bucket' is not a destination"),
        ("file://host/path", "is not a folder of this machine"),
        ("http://tilebox.example", "over https only"),
        ("https://u:s3cret@tilebox.example", "not a place for a password"),
        ("oci://ghcr.io", "does not name a repository"),
        ("oci://ghcr.io/acme/scene-qa:1.0", "does not name a repository"),
        ("oci://ghcr.io/Acme/x", "does not name a repository"),
        ("oci://u:s3cret@ghcr.io/a/b", "not a place for a password"),
        ("oci://u:s3cret@ghcr.io/A", "does not name a repository"),
    ],
)
def test_what_cannot_be_one_is_explained(open_, to, says):
    with pytest.raises(PublishError, match=says) as caught:
        open_(to)
    assert "s3cret@" not in str(caught.value)


class Plugin:
    """Knows `memo://`, and brings artifacts in a way of its own."""

    @hookimpl
    def hatch_tilebox_destination(self, url, options):
        if url == "memo://broken":
            raise RuntimeError(url)
        if url == "memo://strange":
            return "a text"
        return ReleaseStore(options["folder"]) if url == "memo://" else None

    @hookimpl
    def hatch_tilebox_artifact_transport(self, api_url, api_key, artifact_url):
        self.asked = (api_url, api_key, artifact_url)
        return self


@pytest.fixture
def plugin(monkeypatch):
    plugin, manager = Plugin(), destinations.plugin_manager()
    manager.register(plugin)
    monkeypatch.setattr(destinations, "plugin_manager", lambda: manager)
    return plugin


def test_a_plugin_adds_a_destination(plugin, open_, tmp_path):
    assert open_("memo://", options={"folder": tmp_path}).root == tmp_path
    assert isinstance(open_("./releases"), ReleaseStore)


def test_a_plugin_brings_artifacts_its_own_way(plugin, open_):
    api = open_("tilebox", artifact_url="https://elsewhere")
    assert plugin.asked == ("https://api.tilebox.com", "k", "https://elsewhere")
    assert api._transport is plugin
    open_("tilebox", artifact_url="s3://bucket")
    assert plugin.asked[2] == "s3://bucket"


def test_a_plugin_that_fails_is_no_bug_of_ours(plugin, open_):
    with pytest.raises(PluginError, match="a plugin failed in the hook hatch_tilebox_destination") as caught:
        open_("memo://broken")
    assert "RuntimeError: memo://broken" in str(caught.value)
    with pytest.raises(PluginError, match="returned 'a text' for the destination"):
        open_("memo://strange")
