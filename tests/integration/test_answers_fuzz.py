"""Manifests, answers of registries and files of stores with anything in them: a release that fits its rules, or an error.

The archive has a harness of its own, `test_archive_fuzz.py`.
"""

from __future__ import annotations

import json
import re
from contextlib import closing, suppress

from archive_samples import archive, manifest_of, members_of
from foreign_answers import registry, store_with
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loopback import serve
from other_values import paths, replaced

from hatch_tilebox.core.errors import TileboxError
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.model import ReleaseManifest, release_filename
from hatch_tilebox.publish.fetch import fetch_release, select_published
from hatch_tilebox.publish.http.retries import Retries
from hatch_tilebox.publish.oci.repository import OciRepository
from hatch_tilebox.publish.store import ReleaseStore

MANIFEST = manifest_of()
DATA = archive(members_of(MANIFEST))
QUICK = Retries(attempts=1, first=0, longest=0)

fuzz = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
TEXTS = st.text(max_size=12) | st.sampled_from(["..", "/etc", "../x", "a/../b", "-x", "1\n", "\ud800", "9" * 5000, "a" * 300])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def changed(data, value):
    """`value` with something else in up to three places."""
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(paths(value))))
        value = replaced(value, path, data.draw(JSON)) if path else data.draw(JSON)
    return value


@fuzz
@given(st.data())
def test_a_manifest_is_refused_or_names_nothing_outside(data):
    value = changed(data, MANIFEST.to_dict())
    with suppress(ValueError):
        found = ReleaseManifest.from_dict(value)
        assert re.fullmatch(r"[a-z0-9_]+-[a-z0-9!.+_]+\.tbrelease", release_filename(found.project), re.IGNORECASE)
        assert re.fullmatch("[A-Za-z0-9-]{1,100}", found.workflow.slug)


@fuzz
@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()) | st.integers(0, 10**5).map(lambda n: b"[" * n))
def test_json_is_read_or_refused_and_can_be_written_again(content):
    with suppress(ValueError):
        value = parse_json(content)
        assert parse_json(json.dumps(value, ensure_ascii=False, allow_nan=False).encode()) == value


@few
@given(st.data())
def test_a_store_gives_the_release_or_an_error(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("fuzz")
    root = store_with(folder / "store", DATA)
    path = data.draw(st.sampled_from(sorted(path for path in root.rglob("*") if path.is_file())))
    value = parse_json(path.read_bytes()) if path.suffix == ".json" else None
    path.write_bytes(json.dumps(changed(data, value)).encode() if value else data.draw(st.binary(max_size=300)))
    with suppress(TileboxError):
        store = ReleaseStore(root)
        fetch_release(store, select_published(store, None, None), folder / "to")
    assert {path.name for path in folder.iterdir()} <= {"store", "to"}
    assert [path.read_bytes() for path in folder.glob("to/*")] in ([], [DATA])


@few
@given(st.data())
def test_a_registry_gives_the_release_or_an_error(tmp_path_factory, data):
    folder, good = tmp_path_factory.mktemp("fuzz"), registry(DATA)
    headers = st.dictionaries(
        st.sampled_from(["Link", "Location", "Content-Encoding", "Content-Type", "WWW-Authenticate", "Range"]),
        st.sampled_from(["gzip", "</x>; rel=next", "http://[", 'Bearer realm="x"', "text/plain; charset=zlib", "0-" + "9" * 5000]),
        max_size=2,
    )

    def answer(method, path, asked, body):
        status, sent, content = good(method, path, asked, body)
        if data.draw(st.booleans()):
            return status, sent, content
        with suppress(ValueError):
            content = json.dumps(changed(data, parse_json(content))).encode()
        return data.draw(st.sampled_from([status, 200, 206, 302, 401, 404])), {**sent, **data.draw(headers)}, content

    with (
        serve(answer) as (host, _),
        closing(OciRepository(f"oci://{host}/a/b", retries=QUICK)) as repository,
        suppress(TileboxError),
    ):
        fetch_release(repository, select_published(repository, None, None), folder / "to")
    assert {path.name for path in folder.iterdir()} <= {"to"}
    assert [path.read_bytes() for path in folder.glob("to/*")] in ([], [DATA])
