"""Archives are unpacked only inside the target, completely or not at all."""

from __future__ import annotations

import os
import stat
import tarfile
from pathlib import Path

import pytest
from archive_samples import CONTENTS, EXECUTABLE, archive, forge, manifest_of, member, members_of, pad

from hatch_tilebox.archive.extract import extract_archive
from hatch_tilebox.core.errors import ArchiveError
from hatch_tilebox.core.model import MANIFEST_PATH

GOOD = members_of(manifest_of())


@pytest.fixture
def packed(tmp_path):
    path = tmp_path / "scene_qa-1.0.tbrelease"
    path.write_bytes(archive(GOOD))
    return path


def found_in(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("exists", [False, True])
def test_unpacks_into_a_new_or_empty_folder(tmp_path, packed, exists):
    to = tmp_path / "release"
    if exists:
        to.mkdir()
    assert extract_archive(packed, to) == manifest_of()
    assert found_in(to) == {**CONTENTS, MANIFEST_PATH: manifest_of().to_json()}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["release", packed.name]


def test_modes_are_those_of_the_archive_less_the_umask(tmp_path, packed):
    previous = os.umask(0o027)
    try:
        extract_archive(packed, tmp_path / "release")
    finally:
        os.umask(previous)
    for path in CONTENTS:
        assert stat.S_IMODE((tmp_path / "release" / path).stat().st_mode) == (0o750 if path in EXECUTABLE else 0o640)
    for folder in (".", "scene_qa"):
        assert stat.S_IMODE((tmp_path / "release" / folder).stat().st_mode) == 0o750


def test_an_empty_folder_keeps_its_permissions(tmp_path, packed):
    (tmp_path / "release").mkdir(mode=0o700)
    extract_archive(packed, tmp_path / "release")
    assert stat.S_IMODE((tmp_path / "release").stat().st_mode) == 0o700


def test_a_relative_target_is_taken_from_the_working_directory(tmp_path, packed, monkeypatch):
    monkeypatch.chdir(tmp_path)
    extract_archive(packed, Path("release"))
    assert (tmp_path / "release" / "run.sh").exists()


def test_refuses_a_target_that_is_no_empty_folder(tmp_path, packed):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    (tmp_path / "dangling").symlink_to("nowhere")
    before = sorted(tmp_path.rglob("*"))
    for name in ("full", "link", "dangling", packed.name):
        with pytest.raises(ArchiveError, match=f"{name} is not an empty folder"):
            extract_archive(packed, tmp_path / name)
    with pytest.raises(ArchiveError, match="cannot be written: No such file or directory"):
        extract_archive(packed, tmp_path / "missing" / "release")
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "members",
    [
        [*GOOD[:-1], GOOD[-1][:512] + pad(b"x" * 10)],
        [*GOOD, member("../evil.py", b"evil")],
        [*GOOD, forge(member("evil.py", b""), 156, b"2")],
        [*GOOD, GOOD[2]],
        GOOD[:-1],
    ],
    ids=["content", "outside", "link", "twice", "missing"],
)
@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize("has_filter", [True, False])
def test_a_refused_archive_leaves_nothing_behind(tmp_path, members, exists, has_filter, monkeypatch):
    if not has_filter:  # as in Python 3.10 before 3.10.12
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    path = tmp_path / "inner" / "bad.tbrelease"
    path.parent.mkdir()
    path.write_bytes(archive(members))
    if exists:
        (tmp_path / "inner" / "release").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ArchiveError, match=r"bad\.tbrelease"):
        extract_archive(path, tmp_path / "inner" / "release")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(not hasattr(tarfile, "data_filter"), reason="this Python has no filters")
def test_what_the_filter_of_python_refuses_is_refused(tmp_path, packed, monkeypatch):
    asked = []

    def strict(member, folder):
        asked.append((member.name, member.mode))
        if member.name.startswith("scene_qa/"):
            raise tarfile.OutsideDestinationError(member, folder)
        return member

    monkeypatch.setattr(tarfile, "data_filter", strict)
    with pytest.raises(ArchiveError, match=r"'scene_qa/[^']*' is refused by Python's filter"):
        extract_archive(packed, tmp_path / "release")
    assert asked[:2] == [("pyproject.toml", 0o644), ("run.sh", 0o755)]
    assert [path.name for path in tmp_path.iterdir()] == [packed.name]


def test_a_folder_that_others_took_meanwhile_is_left_alone(tmp_path, packed, monkeypatch):
    rename = os.rename

    def race(source, target):
        target.mkdir()
        (target / "theirs.txt").write_text("theirs")
        rename(source, target)

    monkeypatch.setattr(os, "rename", race)
    with pytest.raises(ArchiveError, match="release cannot be written"):
        extract_archive(packed, tmp_path / "release")
    assert found_in(tmp_path / "release") == {"theirs.txt": b"theirs"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["release", packed.name]


def test_nobody_else_can_enter_the_folder_while_it_is_filled(tmp_path, packed, monkeypatch):
    rename, seen = os.rename, []

    def watch(source, target):
        seen.append(stat.S_IMODE(Path(source).parent.stat().st_mode))
        rename(source, target)

    monkeypatch.setattr(os, "rename", watch)
    extract_archive(packed, tmp_path / "release")
    assert seen == [0o700]
