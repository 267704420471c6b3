"""Several processes can fetch into one folder at the same time, on any file system."""

from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
from foreign_answers import forged_archive, run, store_with

from hatch_tilebox.core.files import whole_file


def test_parallel_fetches_into_one_folder(tmp_path):
    data = forged_archive()
    store = store_with(tmp_path / "store", data)
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: run("fetch", store, "--to", tmp_path / "to", folder=tmp_path), range(6)))
    assert [code for code, _, _ in done] == [0] * 6, done
    assert [path.read_bytes() for path in (tmp_path / "to").iterdir()] == [data]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EIO])
def test_a_file_system_that_does_not_know_how_to_write_a_folder_through(tmp_path, monkeypatch, number):
    """As on some network shares and FUSE file systems; a failing disk is still an error."""
    real = os.fsync

    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    failing = pytest.raises(OSError, match="error") if number == errno.EIO else nullcontext()
    with failing, whole_file(tmp_path / "file") as file:
        file.write(b"content")
    assert (tmp_path / "file").read_bytes() == b"content"
