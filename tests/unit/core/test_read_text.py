"""Files of the user are read as text; other content is an error with a reason and a location."""

from __future__ import annotations

import os

import pytest

from hatch_tilebox.core import read_text as module
from hatch_tilebox.core.read_text import UnreadableTextError, read_text


def fault(path, **options):
    with pytest.raises(UnreadableTextError) as caught:
        read_text(path, **options)
    error = caught.value
    return error.reason, error.hint, error.line, error.column


def test_line_ends_stay(tmp_path):
    (tmp_path / "a").write_bytes("ä\r\nb\n".encode())
    assert read_text(tmp_path / "a") == "ä\r\nb\n"


def test_a_byte_order_mark_is_left_out_where_it_may_be(tmp_path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfa = 1\n")
    assert fault(tmp_path / "a") == ("starts with a byte order mark; save it as UTF-8 without one", None, 1, 1)
    assert read_text(tmp_path / "a", allow_mark=True) == "a = 1\n"


@pytest.mark.parametrize(
    ("data", "guess", "place"),
    [(b"a\nb\xff", "", (2, 2)), ("a".encode("utf-16"), "; it looks like UTF-16", (1, 1)), (b"\xef\xbb\xbf\xe4", "", (1, 1))],
)
def test_other_encodings(data, guess, place, tmp_path):
    (tmp_path / "a").write_bytes(data)
    reason, hint, *found = fault(tmp_path / "a", allow_mark=True)
    assert reason.startswith("not UTF-8 text: byte 0x")
    assert reason.endswith(f"is not allowed here{guess}")
    assert (hint, tuple(found)) == ("save the file as UTF-8", place)


def test_what_is_no_file(tmp_path):
    assert fault(tmp_path)[0] == "cannot be read: it is a folder, not a file"
    assert fault(tmp_path / "a\0b")[0].startswith("cannot be read: ")
    assert fault(tmp_path / ("x" * 5000))[0].startswith("cannot be read: ")
    with pytest.raises(FileNotFoundError):
        read_text(tmp_path / "missing")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders there")
def test_a_pipe_does_not_hold_up_a_command(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert fault(tmp_path / "pipe")[0] == "cannot be read: it is a pipe or a socket, not a file"


def test_a_file_without_end_is_read_up_to_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 2**20)
    (tmp_path / "a").write_bytes(b"x" * 2**20)
    assert len(read_text(tmp_path / "a")) == 2**20
    with (tmp_path / "a").open("ab") as file:
        file.write(b"x")
    assert fault(tmp_path / "a")[0] == "exceeds 1 MiB"
