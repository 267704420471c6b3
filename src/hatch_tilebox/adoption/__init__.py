"""hatch-tilebox is added to a project that is there: which files change, how, and what is better left to its author."""

from __future__ import annotations

from hatch_tilebox.adoption.plan import Adoption, Change, apply_changes, plan_adoption

__all__ = ["Adoption", "Change", "apply_changes", "plan_adoption"]
