from __future__ import annotations

import pytest
from hand_made_releases import write_release


@pytest.fixture
def make_release(tmp_path_factory):
    """A function that writes a release of a small project and gives the path of its archive."""

    def make(**options):
        return write_release(tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist"), **options)

    return make
