"""Idioms that public `.gitignore` files use, against real git: which line decides about each file, and which files are left.

The generated comparison of `test_gitignore_against_git.py` hardly ever writes these: they need lines that fit together.
"""

from __future__ import annotations

import pytest
from git_support import Git

from hatch_tilebox.core.errors import SelectionError
from hatch_tilebox.core.model import Pattern
from hatch_tilebox.selection.explain import explain
from hatch_tilebox.selection.select import select_files

pytestmark = pytest.mark.needs_tool("git")

EVERYTHING = [Pattern("**")]
TREE = """
    README.md setup.cfg notes.txt notes.txt~ .env .env.example .project Thumbs.db .idea/workspace.xml .idea/runConfigurations/a.xml
    .vscode/settings.json .vscode/launch.json .vscode/other.json logs/empty logs/a.log logs/old/b.log logs/old/empty logs/.gitkeep
    docs/_build/index.html docs/README.md docs/api/_build/x docs/a/b/c.pdf lib/a.py lib/lib/b.py lib64/c.py src/lib/d.py
    src/README.md src/build/e.py build/f.py Debug/x.obj debug/y.obj x64/Release/z.exe bin/Debug/w.dll bin/keep.dll src/bin/tool.sh
    a.so a.so.1 a.sox module.pyo2 module.py.cover mod$py.class cache.sqlite3 cache.sqlite3-journal data/raw/scene.tif
    data/raw/small/scene.tif data/processed/scene.tif data/README.md data/raw/index.json packages/x.nupkg packages/build/y.targets
    packages/repositories.config vendor/a/b.php vendor/keep/c.php vendor/keep/deep/d.php tmp/.keep tmp/pids/server.pid
    tmp/pids/.keep tmp/cache/x #backup# !important.txt "quoted" target/a.class sub/target/b.class wp-content/uploads/2026/a.jpg
    wp-content/plugins/mine/a.php wp-content/plugins/other/a.php wp-content/themes/mine/style.css wp-content/index.php index.php
"""
PATHS = [*TREE.split(), "space name.txt"]
# Each is what one kind of template does, in our own words.
IDIOMS = {
    "allow-list": "*\n!*/\n!README.md\n",
    "allow-list of kinds": "*\n!.gitignore\n!*.py\n!*.md\n!*/\n",
    "allow-list with an anchor": "/*\n!/src\n!/docs/\n!README.md\n",
    "allow-list without its folders": "*\n!README.md\n!lib/a.py\n",
    "all but one level down": "/wp-content/*\n!/wp-content/plugins/\n/wp-content/plugins/*\n!/wp-content/plugins/mine/\n",
    "all but two places": (
        "*\n!*.*\n!*/\nwp-content/*\n!wp-content/themes\nwp-content/themes/*\n!wp-content/themes/mine\n/index.php\n"
    ),
    "folder kept by a file": "logs/*\n!logs/empty\n",
    "folder kept by a file at any depth": "**/logs/*\n!**/logs/empty\n!**/logs/old/\n",
    "folder kept by a hidden file": "/tmp/*\n!/tmp/.keep\n!/tmp/pids/\n/tmp/pids/*\n!/tmp/pids/.keep\n",
    "folder that cannot be brought back": "logs/\n!logs/empty\n!logs/old/empty\n",
    "stars below a folder": "logs/**\n!logs/**/\n!logs/**/empty\n",
    "stars above and below": "**/data/**/*.tif\n!**/data/raw/small/**\n",
    "package folder with exceptions": "**/packages/*\n!**/packages/build/\n#!**/packages/repositories.config\n",
    "editor settings with exceptions": ".vscode/*\n!.vscode/settings.json\n!.vscode/launch.json\n.idea/**/workspace.xml\n",
    "hidden files with exceptions": ".*\n!.gitignore\n!.env.example\n!.vscode\n",
    "folders in either case": "[Dd]ebug/\n[Rr]elease/\n[Bb]in/*\n!**/[Bb]in/keep.dll\nx64/\n",
    "compiled files": "*.py[codz]\n*.py[co][0-9]\n*$py.class\n*.so\n*.so.*\n*.py.cover\n*.sqlite3*\n",
    "same name at the root and below": "/lib/\nlib64\n/build\ntarget/\n!sub/target/\n",
    "folder name with a slash inside": "docs/_build/\nsrc/lib\n",
    "two stars inside": "docs/**/_build\ndata/**/scene.tif\n!data/processed/**\n",
    "later lines win": "*.txt\n!notes.txt\nnotes.*\n!notes.txt\n",
    "backups": "*~\n\\#*\\#\n.\\#*\n",
    "escaped marks": "\\!important.txt\n\\#*\nspace\\ *.txt\n",
    "comments and spaces": "# comment\n\n   \n#README.md\nnotes.txt   \n*.md # not a comment\n  setup.cfg\n",
    "a file with Windows line ends": "*.log\r\n!logs/a.log\r\nbuild/\r\n\r\n",
    "exceptions inside of an ignored folder": "/vendor/\n!/vendor/keep/\n/data/*\n!/data/raw\n/data/raw/*\n!/data/raw/index.json\n",
    "negations without a rule": "!README.md\n!*.py\n!docs/\n",
    "everything": "*\n",
    "everything below": "*/\n!src/\n",
    "everything with stars": "**\n!**/\n!*.py\n",
    "everything at the root": "/*\n/*/\n!/lib/\n!/lib\n",
}
NESTED = {
    "nearer files win": {"": "*.tif\n*.log\n", "data": "!*.tif\n", "data/raw": "/*.tif\n", "logs": "!a.log\n"},
    "a folder that ignores itself": {"": "", "docs/_build": "*\n", "tmp": "*\n!.gitignore\n"},
    "exceptions below an ignored folder are not read": {"": "vendor/\n", "vendor": "!*\n", "vendor/keep": "!*\n"},
    "allow-list per folder": {"": "*\n!*/\n!.gitignore\n", "src": "!*.py\n", "docs": "!/README.md\n!_build/**\n"},
}


def selected(root):
    try:
        files = select_files(root, EVERYTHING).files
    except SelectionError:  # nothing at all is selected
        return []
    return [file.path for file in files]


def test_the_tree_has_every_path_once():
    assert len(PATHS) == len(set(PATHS)) > 60


@pytest.mark.parametrize("ignore_files", [*({"": text} for text in IDIOMS.values()), *NESTED.values()], ids=[*IDIOMS, *NESTED])
def test_idiom_is_read_as_git_reads_it(ignore_files, tmp_path):
    for path in PATHS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    for folder, text in ignore_files.items():
        (tmp_path / folder / ".gitignore").write_bytes(text.encode())
    git = Git(tmp_path)
    try:
        ours, theirs = {}, {}
        for path in PATHS:
            explanation = explain(tmp_path, EVERYTHING, [], path)
            place = explanation.rule and explanation.location
            ours[path] = (place.path, place.line) if place else None
            theirs[path] = git.ignoring_line(path)
        assert ours == theirs
        assert selected(tmp_path) == git.files()
    finally:
        git.close()
