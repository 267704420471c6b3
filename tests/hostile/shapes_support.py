"""A project whose files can hold anything, and what a command may say about it."""

from __future__ import annotations

from click.testing import CliRunner
from foreign_answers import run

from hatch_tilebox.cli.app import app

PYPROJECT = {
    "build-system": {"requires": ["hatchling", "hatch-tilebox"], "build-backend": "hatchling.build"},
    "project": {
        "name": "flow",
        "version": "1",
        "description": "A flow",
        "readme": "README.md",
        "requires-python": ">=3.10",
        "license": "MIT",
        "license-files": ["LICENSE"],
        "authors": [{"name": "a"}],
        "keywords": ["a"],
        "classifiers": [],
        "urls": {"Home": "https://example.com"},
        "scripts": {"flow": "runner:main"},
        "entry-points": {"group": {"flow": "runner:main"}},
        "dynamic": [],
        "dependencies": ["tilebox"],
        "optional-dependencies": {"plots": ["numpy"]},
    },
    "dependency-groups": {"dev": ["pytest", {"include-group": "docs"}], "docs": []},
    "tool": {
        "uv": {
            "package": False,
            "sources": {"tilebox": {"path": "x"}, "numpy": [{"git": "y"}]},
            "index": [{"name": "a", "url": "https://example.com"}],
            "workspace": {"members": ["libs/*"], "exclude": ["libs/old"]},
            "default-groups": ["dev"],
            "dev-dependencies": ["x"],
        },
        "hatch": {
            "version": {"path": "v.py"},
            "metadata": {"allow-direct-references": True, "hooks": {"custom": {"path": "x.py"}}},
            "build": {
                "hooks": {"tilebox": {"config": "tilebox.workflow.toml", "max-size": "1 MB"}},
                "targets": {"wheel": {"packages": ["a"], "hooks": {"tilebox": {}}}, "tilebox": {"runtime": "import"}},
            },
            "publish": {"tilebox": {"to": "store", "verify": False, "options": {"a": "b"}}},
        },
    },
}
WORKFLOW = {
    "workflow": {"slug": "flow", "runner": "runner:runner", "root": "."},
    "build": {"include": ["pyproject.toml", "uv.lock", "uv.toml", "*.py"], "exclude": ["x.py"], "use_gitignore": True},
    "targets": {"production": {"clusters": ["a"]}},
}
HATCH = PYPROJECT["tool"]["hatch"]
UV = {
    "package": False,
    "index": [{"name": "a", "url": "https://example.com", "default": True}],
    "index-url": "https://example.com",
    "extra-index-url": ["https://example.com"],
    "find-links": ["wheels"],
    "default-index": "https://example.com",
    "no-index": True,
    "constraint-dependencies": ["a<1"],
    "exclude-newer": "2026-01-01T00:00:00Z",
}
LOCK = {
    "version": 1,
    "options": {"exclude-newer": "2026-01-01T00:00:00Z"},
    "manifest": {"constraints": [{"name": "a", "specifier": "<1"}]},
    "package": [
        {
            "name": "flow",
            "version": "1",
            "source": {"virtual": "."},
            "metadata": {"requires-dist": [{"name": "tilebox"}, {"name": "numpy", "marker": "extra == 'plots'"}]},
        }
    ],
}
USER = {"publish": {"tilebox": {"to": "store", "verify": True, "options": {"a": "b"}}}}
DOCKER = {
    "auths": {"{host}": {"auth": "dTpw", "username": "u", "password": "p", "identitytoken": ""}},
    "credHelpers": {},
    "credsStore": "",
}


def in_process(arguments, environment):
    """Exit code and all output of a command that is run in this process. A traceback is raised as what it is."""
    result = CliRunner().invoke(app, [*map(str, arguments)], prog_name="hatch-tilebox", env=environment, catch_exceptions=False)
    return result.exit_code, result.output


def real(arguments, environment, folder):
    """The same by a process of its own."""
    code, out, err = run(*arguments, folder=folder, **environment)
    return code, out + err


def write(path, content):
    """Put text, bytes or whatever else in the place of a file; a function makes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if callable(content):
        content(path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content, encoding="utf-8")
