from __future__ import annotations

import uuid

import pytest

from hatch_tilebox.core.errors import PublishError
from hatch_tilebox.core.model import FileEntry
from hatch_tilebox.publish.tilebox.api import check_reference
from hatch_tilebox.publish.tilebox.messages import decode_id, encode_id, file_paths, file_tree, has_shape, time_order


def tree(*paths):
    (root,) = file_tree([FileEntry(path, 0, "0644", "0" * 64) for path in paths])
    assert (root["path"], root["directory"]) == (".", True)
    assert file_paths([root]) == file_paths(root["children"]) == set(paths)
    return root["children"]


def test_files_become_a_tree():
    assert tree("a.py", "b/c.py", "b/d/e.py", "b/f.py", "g/h.py") == [
        {"path": "a.py"},
        {
            "path": "b",
            "directory": True,
            "children": [
                {"path": "c.py"},
                {"path": "d", "directory": True, "children": [{"path": "e.py"}]},
                {"path": "f.py"},
            ],
        },
        {"path": "g", "directory": True, "children": [{"path": "h.py"}]},
    ]


def test_a_file_and_a_folder_that_sort_apart_share_no_node():
    assert [node["path"] for node in tree("a-b/c", "a/b", "a0")] == ["a-b", "a", "a0"]


def test_ids_are_uuids_in_base64():
    identifier = str(uuid.uuid4())
    assert decode_id(encode_id(identifier)) == identifier
    with pytest.raises(PublishError, match="'latest' is not a release id"):
        encode_id("latest")
    for message in (None, {}, {"uuid": "?"}, {"uuid": "YWJj"}):
        with pytest.raises(PublishError, match="not an id"):
            decode_id(message)


def test_timestamps_sort_by_time():
    stamps = ["", "2025-01-01T00:00:00Z", "2025-01-01T00:00:00.000001Z", "2025-01-01T00:00:00.500Z", "2025-01-01T00:00:01Z"]
    assert sorted(sorted(stamps), key=time_order) == stamps


@pytest.mark.parametrize(
    ("nodes", "paths"),
    [
        (None, set()),
        ("a", set()),
        ([None, {"path": 1}, {"name": "a"}], set()),
        ([{"path": "a"}, {"path": "b", "directory": True}], {"a"}),
        ([{"path": "b", "children": [{"path": "c"}]}], {"b/c"}),
        ([{"path": ".", "directory": True, "children": [{"path": "."}, {"path": "c"}]}], {"", "c"}),
    ],
)
def test_any_tree_of_an_answer_has_paths(nodes, paths):
    assert file_paths(nodes) == paths


def test_only_the_fields_that_are_read_have_a_shape():
    shape = {"slug": str, "releases": [{"id": {"uuid": str}}]}
    assert has_shape({"slug": "a", "releases": [{}, {"id": {"uuid": "x", "more": 1}}], "more": None}, shape)
    assert not has_shape({"slug": None}, shape)
    assert not has_shape({"releases": {"id": {}}}, shape)
    assert not has_shape([], shape)


def test_workflows_are_slugs_with_or_without_a_namespace():
    for fine in ("scene-qa-5y9aK2", "acme:scene-qa", "a.b_c:1"):
        check_reference(fine)
    for wrong in ("", ":", "a:", ":a", "a:b:c", "a/b", "../a", "a\n"):
        with pytest.raises(PublishError, match="is not a workflow"):
            check_reference(wrong)
