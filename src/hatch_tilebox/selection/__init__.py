"""Which files go into a release: globs, `.gitignore` and the rules that are always on; and whether they should."""

from __future__ import annotations

from hatch_tilebox.selection.checks import check_files
from hatch_tilebox.selection.expected import check_expected
from hatch_tilebox.selection.explain import Explanation, explain
from hatch_tilebox.selection.select import select_files

__all__ = ["Explanation", "check_expected", "check_files", "explain", "select_files"]
