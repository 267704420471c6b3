"""The sdist that a folder was unpacked from."""

from __future__ import annotations

import io
import os
import tarfile

import pytest

from hatch_tilebox.project.provenance import matching_sdist


@pytest.fixture
def unpacked(tmp_path):
    """A folder, and a function that writes an sdist with these members and looks for it."""
    root = tmp_path / "flow-1.0"
    (root / "flow").mkdir(parents=True)
    (root / "PKG-INFO").write_text("Name: flow\n")
    (root / "flow/tasks.py").write_text("x = 1\n")

    def find(members=None, needed=("flow/tasks.py",)):
        members = {"flow-1.0/PKG-INFO": b"Name: flow\n", "flow-1.0/flow/tasks.py": b"x = 1\n"} if members is None else members
        with tarfile.open(tmp_path / "flow-1.0.tar.gz", "w:gz") as archive:
            for name, content in members.items():
                member = tarfile.TarInfo(name)
                if isinstance(content, bytes):
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
                else:
                    member.type, member.linkname = tarfile.SYMTYPE, content
                    archive.addfile(member)
        return matching_sdist(root, "flow-1.0", tmp_path, needed)

    return root, find


def test_it_has_the_same_files(unpacked, tmp_path):
    assert unpacked[1]() == tmp_path / "flow-1.0.tar.gz"


@pytest.mark.parametrize(
    "members",
    [
        {"flow-1.0/flow/tasks.py": b"x = 2\n"},
        {"flow-1.0/flow/tasks.py": b"x = 1\n#"},
        {"flow-1.0/PKG-INFO": b"Name: flow\n"},
        {"flow-1.0/flow/tasks.py": b"x = 1\n", "flow-1.0/more.py": b""},
        {"flow-1.0/flow/tasks.py": b"x = 1\n", "flow-1.0/../flow-1.0/PKG-INFO": b"Name: flow\n"},
        {"flow-1.0/flow/tasks.py": b"x = 1\n", "flow-1.0/PKG-INFO": "/etc/hostname"},
        {"other/flow/tasks.py": b"x = 1\n"},
        {},
    ],
)
def test_another_one_is_not_named(unpacked, members):
    assert unpacked[1](members) is None


def test_a_damaged_file_is_not_named(unpacked, tmp_path):
    root, _ = unpacked
    assert matching_sdist(root, "flow-1.0", tmp_path, ()) is None
    for content in (b"", b"no archive", b"\x1f\x8b\x08\x00damaged"):
        (tmp_path / "flow-1.0.tar.gz").write_bytes(content)
        assert matching_sdist(root, "flow-1.0", tmp_path, ()) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names")
def test_a_pipe_does_not_hold_up_the_build(unpacked, tmp_path):
    os.mkfifo(tmp_path / "flow-1.0.tar.gz")
    assert matching_sdist(unpacked[0], "flow-1.0", tmp_path, ()) is None
