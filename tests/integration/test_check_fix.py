"""`check --fix` locks with a real uv, and the project builds after that."""

from __future__ import annotations

import pytest
from programs import CLI, run

pytestmark = [pytest.mark.runtime, pytest.mark.needs_tool("uv")]


def call(folder, env, *arguments, code=0):
    return run([*CLI, *arguments], folder, env, code=code)


def test_everything_at_once(frontend_env, project):
    folder = project("single_file")
    (folder / "uv.lock").unlink()
    (folder / "bands.py").write_text("BANDS = 3\n")
    for name, old, new in [
        ("runner.py", "from ", "import bands\nfrom "),
        ("pyproject.toml", "\n[tool.uv]\npackage = false\n", ""),
        ("tilebox.workflow.toml", 'include = ["pyproject.toml", "uv.lock", "**/*.py"]', 'inclde = ["runner.py"]  # ours'),
    ]:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))
    before = call(folder, frontend_env, "check", code=1)
    assert before.stderr.endswith("\nFound 1 error (1 fixable with check --fix)\n")
    done = call(folder, frontend_env, "check", "--fix")
    assert '+include = ["runner.py", "pyproject.toml", "bands.py", "uv.lock"]  # ours\n' in done.stderr
    assert "+package = false\n" in done.stderr
    assert "uv.lock was updated with uv lock\n" in done.stderr
    assert "Found" not in done.stderr
    call(folder, frontend_env, "build", "--quiet")


def test_a_stale_lock_is_renewed(frontend_env, project):
    folder = project("single_file")
    pyproject = folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('["tilebox"]', '["tilebox", "affine"]'))
    assert "error[TBX031]: it is stale: it lacks affine" in call(folder, frontend_env, "check", code=1).stderr
    call(folder, frontend_env, "check", "--fix")
    assert 'name = "affine"' in (folder / "uv.lock").read_text()
