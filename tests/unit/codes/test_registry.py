"""Every error and warning has a code, and every code a text that never changes its meaning."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import hatch_tilebox
from hatch_tilebox.codes.registry import all_codes, find_code
from hatch_tilebox.core import diagnostics, errors

PACKAGE = Path(hatch_tilebox.__file__).parent
GOLDEN = Path(__file__).with_name("codes.txt")
DOCS = Path(__file__).parents[3] / "docs"
ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, errors.TileboxError)}
COPIES = {"core/errors.py", "discovery/result_cache.py"}
"""Modules that create a problem from another one."""


RETIRED: frozenset[str] = frozenset()
"""Codes that nothing raises any more. They stay in the registry."""


def calls(tree, pattern):
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))
    return (node for node in nodes if re.fullmatch(pattern, node.func.id))


def test_released_codes_keep_their_meaning():
    """If a code is new, add its line. Never change or remove one: a code that is no longer used stays in the registry."""
    assert [f"{code.name} {code.title}" for code in all_codes()] == GOLDEN.read_text("utf-8").splitlines()
    assert max(Counter(code.name for code in all_codes()).values()) == 1
    assert [code.name for code in all_codes()] == sorted(code.name for code in all_codes())


def test_every_code_has_a_text():
    for code in all_codes():
        assert code.title[0].islower() or code.title.startswith(("Tilebox", "TBX")), code
        assert code.explanation.endswith((".", ":")), code
        assert code.fix.endswith("."), code
        assert code.group, code
        assert "](" not in code.explanation + code.fix, f"a terminal shows the text of {code.name}: use **See:** for links"
        if code.see:
            assert (DOCS / code.see[1]).is_file(), code


def test_every_problem_has_a_code():
    """A problem that is raised at once has the code of its error class; every other one needs `code=`."""
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        tree = ast.parse(path.read_text("utf-8"))
        raised = {id(inner) for call in calls(tree, r"\w+Error") for inner in calls(call, "Problem")}
        for call in calls(tree, "Problem"):
            given = len(call.args) > 4 or any(item.arg == "code" for item in call.keywords)
            assert given or id(call) in raised or name in COPIES, f"{name}:{call.lineno}: give the problem a code"


def test_every_code_in_the_source_exists():
    known = {code.name for code in all_codes()}
    used = set()
    for path in PACKAGE.rglob("*.py"):
        named = set(re.findall(r'"(TBX\d+)"', path.read_text("utf-8")))
        assert named <= known, path
        used |= named
    assert {getattr(errors, name).code for name in ERRORS} <= known
    assert known - used == RETIRED


def test_an_error_gives_its_code_to_problems_without_one():
    error = errors.ConfigError("one", errors.Problem("two", code="TBX012"))
    assert [problem.code for problem in error.problems] == ["TBX010", "TBX012"]


def test_codes_are_found_however_they_are_written():
    code = find_code("TBX012")
    assert code
    assert {find_code(text) for text in ("tbx012", " TBX12 ", "12", "012")} == {code}
    for text in ("", "TBX", "TBX999", "0", "12a", "\u0661", "TBX0012345"):
        assert find_code(text) is None


def test_secrets_are_not_quoted():
    titles = {code.name: code.title for code in all_codes()}
    assert all("secret" in titles[code] for code in diagnostics.SHOWS_NO_SOURCE)
