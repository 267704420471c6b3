"""Trees of files, and the selection from them."""

from __future__ import annotations

from functools import partial

import pytest

from hatch_tilebox.core.errors import Location
from hatch_tilebox.core.model import Pattern
from hatch_tilebox.selection.select import select_files


class Tree:
    """A project folder that tests fill."""

    def __init__(self, root):
        self.root = root

    def write(self, *paths):
        """Make empty files at `paths`."""
        for path in paths:
            self.file(path)

    def file(self, path, content=""):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return target

    def link(self, path, target):
        link = self.root / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)

    def patterns(self, texts, line=5):
        """The patterns as if they stood below each other in the configuration."""
        return [Pattern(text, partial(Location, "tilebox.workflow.toml", line + i, 3)) for i, text in enumerate(texts)]

    def select(self, *include, exclude=(), **options):
        return select_files(self.root, self.patterns(include), self.patterns(exclude, 20), **options)

    def paths(self, *include, exclude=(), **options):
        return [file.path for file in self.select(*include, exclude=exclude, **options).files]

    def warnings(self, *include, exclude=(), **options):
        return [str(warning) for warning in self.select(*include, exclude=exclude, **options).warnings]


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)
