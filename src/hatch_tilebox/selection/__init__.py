"""Which files go into a release: globs, `.gitignore` and the rules that are always on."""

from __future__ import annotations

from hatch_tilebox.selection.explain import Explanation, explain
from hatch_tilebox.selection.select import select_files

__all__ = ["Explanation", "explain", "select_files"]
