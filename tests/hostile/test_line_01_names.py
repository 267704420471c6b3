"""Untrusted names, versions and slugs never become paths outside the folder."""

from __future__ import annotations

import pytest
from foreign_answers import forged_archive, run, store_with

HOSTILE = [
    ("project", "name", "{outside}/abs"),
    ("project", "name", "../../outside"),
    ("project", "version", "1/../../../outside/x"),
    ("workflow", "slug", "../outside"),
    ("workflow", "runner", "--help"),
]


@pytest.mark.parametrize(("table", "key", "value"), HOSTILE)
def test_a_manifest_leads_no_command_outside(tmp_path, table, key, value):
    (tmp_path / "outside").mkdir()
    data = forged_archive(**{table: {key: value.format(outside=tmp_path / "outside")}})
    store = store_with(tmp_path / "store", data)
    (tmp_path / "x.tbrelease").write_bytes(data)
    for arguments in (
        ("fetch", store, "--to", tmp_path / "to"),
        ("inspect", tmp_path / "x.tbrelease"),
        ("extract", tmp_path / "x.tbrelease", "--to", tmp_path / "to" / "x"),
        ("publish", tmp_path / "x.tbrelease", "--to", tmp_path / "other"),
    ):
        code, _, err = run(*arguments, folder=tmp_path)
        assert code == 1, arguments
        assert f"{table}.{key} must be" in err
    assert not list((tmp_path / "outside").iterdir())
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and store not in path.parents and path.name != "x.tbrelease"]


@pytest.mark.parametrize("name", ["../../outside", "a/b", ".."])
def test_a_slug_on_the_command_line_is_no_path_of_a_store(tmp_path, name):
    store = store_with(tmp_path / "store", forged_archive())
    code, _, err = run("releases", store, "--workflow", name, folder=tmp_path)
    assert code == 1
    assert "is not a workflow: it must be a slug" in err
