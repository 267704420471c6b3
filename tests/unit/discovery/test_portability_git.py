"""A Git repository at a path of this machine is a warning: runners may mount it. A file there is an error."""

from __future__ import annotations

import pytest

from hatch_tilebox.core.model import Pattern
from hatch_tilebox.core.uv_lock import selected_lock
from hatch_tilebox.discovery.portability import check_portability
from hatch_tilebox.selection.select import select_files

COMMIT = "a9920369e76325f5de6e8507006b07610ee46803"


@pytest.mark.parametrize(
    ("source", "is_error"),
    [
        (f'{{ git = "file:///srv/git/common#{COMMIT}" }}', False),
        (f'{{ git = "/srv/git/common#{COMMIT}" }}', False),
        ('{ path = "/srv/wheels/acme_common-1.0-py3-none-any.whl" }', True),
        ('{ url = "file:///srv/wheels/acme_common-1.0-py3-none-any.whl" }', True),
    ],
)
def test_what_is_at_a_path_of_this_machine(tmp_path, source, is_error):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "flow"\nversion = "1"\ndependencies = ["acme-common"]\n')
    (tmp_path / "uv.lock").write_text(f'version = 1\n\n[[package]]\nname = "acme-common"\nversion = "1.0"\nsource = {source}\n')
    files = select_files(tmp_path, (Pattern("*"),))
    found = check_portability(files, selected_lock(files))
    errors, warnings = found.errors, found.warnings
    assert (len(errors), len(warnings)) == ((1, 0) if is_error else (0, 1))
    (problem,) = errors + warnings
    assert "this machine only" in problem.message
