"""Problems as people read them: the place, the source line with the caret under the place, and the help."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest

from hatch_tilebox.core.diagnostics import counted, diagnostic, found, look_in, plain_text, shown_place
from hatch_tilebox.core.errors import Fix, Location, Problem


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    look_in(tmp_path)


def show(problem, level="error"):
    return plain_text(diagnostic(problem, level))


def snippet(line, column, tmp_path):
    """The source line and the line with the carets."""
    (tmp_path / "a.toml").write_text(f"\n{line}\n", "utf-8")
    lines = show(Problem("m", location=Location("a.toml", 2, column))).splitlines()
    assert lines[1:3] == [f" --> a.toml:2:{column}" if column else " --> a.toml:2", "  |"]
    return lines[3].removeprefix("2 | "), lines[4].removeprefix("  | ")


def test_a_whole_diagnostic(tmp_path):
    (tmp_path / "a.toml").write_text('[workflow]\nslog = "x"\n')
    problem = Problem('unknown key "slog"', 'did you mean "slug"?\nor remove it', Location("a.toml", 2, 1), "one\ntwo", "TBX012")
    assert show(problem) == (
        'error[TBX012]: unknown key "slog"\n'
        " --> a.toml:2:1\n"
        "  |\n"
        '2 | slog = "x"\n'
        "  | ^^^^\n"
        "  |\n"
        "  | one\n"
        "  | two\n"
        'help: did you mean "slug"?\n'
        "      or remove it"
    )


def test_without_a_place_or_a_file():
    assert show(Problem("m", "h", code="TBX900"), "warning") == "warning[TBX900]: m\nhelp: h"
    assert show(Problem("m", location=Location("missing.toml", 3, 1))) == "error: m\n --> missing.toml:3:1"


def test_a_file_of_a_release_is_not_looked_for_here(tmp_path):
    code = "from hatch_tilebox.core.diagnostics import *; from hatch_tilebox.core.errors import *; import sys; "
    code += "print(plain_text(diagnostic(Problem('m', location=Location(sys.argv[1], 1)), 'error')))"
    (tmp_path / "runner.py").write_text("x = 1\n")
    for path, lines in (("runner.py", 2), (str(tmp_path / "runner.py"), 6)):
        done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
        assert len(done.stdout.splitlines()) == lines


def test_numbers_are_aligned(tmp_path):
    (tmp_path / "a.toml").write_text("\n" * 11 + "x = 1\n")
    assert show(Problem("m", location=Location("a.toml", 12, 5))).splitlines()[1:] == [
        "  --> a.toml:12:5",
        "   |",
        "12 | x = 1",
        "   |     ^",
        "   |",
    ]


@pytest.mark.parametrize(
    ("line", "column", "source", "carets"),
    [
        ("\tkey = 1", 2, "    key = 1", "    ^^^"),
        ('名前 = "x y"', 6, '名前 = "x y"', "       ^^^^^"),
        ("é́ = 1", 6, "é́ = 1", "    ^"),
        ("a = [1, 2]", 9, "a = [1, 2]", "        ^"),
        ("  import bands", 0, "  import bands", "  ^^^^^^^^^^^^"),
        ("a = \x1b[31m", 5, r"a = \x1b[31m", "    ^^^^"),
        ("a = 1\u202e2", 5, "a = 1\\u202e2", "    ^"),
    ],
)
def test_the_caret_is_under_the_place(tmp_path, line, column, source, carets):
    assert snippet(line, column, tmp_path) == (source, carets)


def test_a_long_line_is_cut_round_the_place(tmp_path):
    line = "include = [" + ", ".join(f'"file_{n}.py"' for n in range(400)) + "]"
    source, carets = snippet(line, line.index('"file_200') + 1, tmp_path)
    assert source[0] == source[-1] == "…"
    assert len(source) <= 101
    assert source[carets.index("^") : carets.rindex("^") + 1] == '"file_200.py"'
    source, carets = snippet("x" * 5000, 1, tmp_path)
    assert len(source) == len(carets) < 60
    assert snippet("y = " + "漢" * 3000, 5, tmp_path)[0].endswith("…")


@pytest.mark.parametrize("column", [0, 1, 7, 9999])
def test_hostile_lines_are_harmless(tmp_path, column):
    for line in ("\x1b]0;title\x07\x9b31m", "a\u200bb\u2028c\x85d", "x" * 100_000 + "\x1b[2J", "\t" * 3000 + "\r\x08"):
        for text in snippet(line, column, tmp_path):
            assert not any(unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} for character in text)
            assert len(text) < 250


def test_secrets_are_not_shown(tmp_path):
    (tmp_path / "a.py").write_text('KEY = "AKIAIOSFODNN7EXAMPLE"\nURL = "https://user:hunter2@example.com/x"\n')
    assert "AKIA" not in show(Problem("m", location=Location("a.py", 1, 7), code="TBX110"))
    for column in (0, 1, 7, 20):
        text = show(Problem("m", location=Location("a.py", 2, column)))
        assert "hunter2" not in text
        assert "https://example.com/x" in text


def test_files_that_cannot_be_read_show_no_line(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(b"\xff\xfe\n")
    for path in ("folder", "binary", "nul\0", "x" * 5000):
        assert len(show(Problem("m", location=Location(path, 1, 1))).splitlines()) == 2
    (tmp_path / "short").write_text("one\n")
    assert len(show(Problem("m", location=Location("short", 9, 1))).splitlines()) == 2
    assert shown_place(Location("a\nb", 1)) == r"a\nb:1"


def test_errors_are_counted_if_that_helps():
    by_hand, by_fix = Problem("m"), Problem("m", fix=Fix("lock"))
    assert counted([by_hand]) == ""
    assert counted([by_fix]) == "Found 1 error (1 fixable with check --fix)"
    assert counted([by_hand, by_fix]) == "Found 2 errors (1 fixable with check --fix)"


def test_the_last_line():
    assert found(8, 3, 2) == "Found 8 errors, 3 warnings (2 fixable with check --fix)"
    assert found(1, 0) == "Found 1 error"
    assert found(0, 1) == "Found 1 warning"
