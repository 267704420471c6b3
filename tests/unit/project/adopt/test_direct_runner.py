"""`hatch-tilebox adopt` finds direct runners, and gives their module a `Runner` object or says what to write."""

from __future__ import annotations

import ast
import textwrap

import pytest
from output_schema import check_output

from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.project.adopt.plan import plan_adoption
from hatch_tilebox.project.source_code import runner_lines

PROJECT = '[project]\nname = "tide-gauge"\nversion = "0.1.0"\nrequires-python = ">=3.10"\ndependencies = ["tilebox"]\n'
HEAD = """\
from tilebox.workflows import Client, Task


class First(Task):
    pass


class Second(Task):
    pass


"""


@pytest.fixture
def project(tmp_path):
    def make(module, name="flow/runner.py", **files):
        root = tmp_path / "project"
        for path, text in {"pyproject.toml": PROJECT, "uv.lock": "", "flow/__init__.py": "", name: module, **files}.items():
            target = root / path.replace("__", "/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
        return root

    return make


def edited(root, name="flow/runner.py"):
    """The module after the adoption, its runner by the configuration, and the notes."""
    adoption = plan_adoption(root)
    changes = {change.path: change.after for change in adoption.changes}
    return changes[name], changes["tilebox.workflow.toml"], adoption.notes


GUARD = 'if __name__ == "__main__":\n    '
SHAPES = {
    "in the guard": GUARD + "Client().runner(tasks=[First, Second]).run_forever()\n",
    "in a function": f"def main() -> None:\n    Client().runner(tasks=[First, Second]).run_forever()\n\n\n{GUARD}main()\n",
    "a client of its own": f"{GUARD}client = Client()\n    client.runner(tasks=[First, Second]).run_forever()\n",
    "a named runner": f"{GUARD}client = Client()\n    runner = client.runner(tasks=[First, Second])\n    runner.run_forever()\n",
    "without a guard": "client = Client()\nrunner = client.runner(tasks=[First, Second])\nrunner.run_forever()\n",
    "one line without a guard": "Client().runner(tasks=[First, Second]).run_forever()",
    "called without a guard": "def main():\n    Client().runner(tasks=[First, Second]).run_forever()\n\n\nmain()\n",
    "asynchronous": (
        "import asyncio\n\n\nasync def main():\n    Client().runner(tasks=[First, Second]).run_all()\n\n\nasyncio.run(main())\n"
    ),
    "positional": f'{GUARD}Client().runner("cluster-a", [First, Second]).run_forever()\n',
    "a cluster by keyword": f'{GUARD}Client().runner(cluster="cluster-a", tasks=[First, Second]).run_forever()\n',
    "several lines": (
        f"{GUARD}Client().runner(\n        tasks=[\n            First,  # the first\n            Second,\n        ],\n"
        "    ).run_forever()\n"
    ),
    "a tuple": f"{GUARD}Client().runner(tasks=(First, Second)).run_forever()\n",
    "a list with a name": f"TASKS = [First, Second]\n\n{GUARD}Client().runner(tasks=TASKS).run_forever()\n",
    "a client that is passed": (
        f"def serve(client: Client):\n    client.runner(tasks=[First, Second]).run_forever()\n\n\n{GUARD}serve(Client())\n"
    ),
    "a client of an object": (
        f"class App:\n    def __init__(self):\n        self.client = Client()\n\n    def run(self):\n"
        f"        self.client.runner(tasks=[First, Second]).run_forever()\n\n\n{GUARD}App().run()\n"
    ),
    "a cache": f"CACHE = object()\n\n{GUARD}Client().runner(tasks=[First, Second], cache=CACHE).run_forever()\n",
    "after a conditional import": (
        f"try:\n    import numpy\nexcept ImportError:\n    numpy = None\n\n{GUARD}Client().runner(tasks=[First]).run_all()\n"
    ),
}


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_becomes_a_runner_object(project, shape, line_end):
    source = HEAD + SHAPES[shape]
    text, config, notes = edited(project(source.replace("\n", line_end)))
    module = ast.parse(text)
    outside = [node for node in module.body if not (isinstance(node, ast.If) and "__name__" in ast.unparse(node.test))]
    (name,) = runner_lines(ast.Module(outside, []))
    assert f'runner = "flow.runner:{name}"' in config
    assert ".runner(" not in text
    assert text.count(f"{name}.connect_to(") == 1
    assert ("\r\n" in text) == (line_end == "\r\n")
    assert text.count("\n") == text.count(line_end)
    assert any("this direct runner becomes the Runner object" in note.message and note.location.line for note in notes)
    started = run(text.replace("\r\n", "\n"), "__main__")
    assert started == ["run"]
    assert run(text.replace("\r\n", "\n"), "flow.runner") == []
    if "First, Second" in source or shape == "several lines":
        assert [kept.strip() for kept in ("# the first",) if kept in source] == [kept for kept in ("# the first",) if kept in text]


def run(text, name):
    """What the module starts when it is run under this name, with a stand-in for the SDK that remembers."""
    import sys
    import types

    started = []

    class Runner:
        def __init__(self, *, tasks, cache=None):
            assert tasks[0].__name__ == "First"
            self.cache = cache

        def connect_to(self, client, cluster=None):
            assert isinstance(client, Client)
            assert cluster in {None, "cluster-a"}
            return types.SimpleNamespace(run_forever=lambda: started.append("run"), run_all=lambda: started.append("run"))

    class Client:
        pass

    sdk = types.ModuleType("tilebox.workflows")
    sdk.Runner, sdk.Client, sdk.Task = Runner, Client, type("Task", (), {})
    known = {part: sys.modules.get(part) for part in ("tilebox", "tilebox.workflows")}
    sys.modules.update({"tilebox": types.ModuleType("tilebox"), "tilebox.workflows": sdk})
    try:
        exec(compile(text, "runner.py", "exec"), {"__name__": name})
    finally:
        for part, module in known.items():
            sys.modules.pop(part) if module is None else sys.modules.update({part: module})
    return started


def test_the_edit_is_small(project):
    text, _, _ = edited(project(HEAD + SHAPES["in a function"]))
    assert text == textwrap.dedent(
        """\
        from tilebox.workflows import Client, Runner, Task


        class First(Task):
            pass


        class Second(Task):
            pass


        runner = Runner(tasks=[First, Second])


        def main() -> None:
            runner.connect_to(Client()).run_forever()


        if __name__ == "__main__":
            main()
        """
    )


def test_a_client_that_only_the_main_part_uses_is_guarded_with_it(project):
    text, _, _ = edited(project(HEAD + SHAPES["without a guard"]))
    assert 'if __name__ == "__main__":\n    client = Client()\n    runner = workflow_runner.connect_to(client)\n' in text


def test_a_client_that_tasks_use_stays_where_it_is(project):
    used = HEAD.replace(
        "class Second(Task):\n    pass\n", "class Second(Task):\n    def execute(self, context):\n        client.jobs()\n"
    )
    text, _, _ = edited(project(used + SHAPES["without a guard"]))
    assert "\nclient = Client()\n" in text
    assert 'if __name__ == "__main__":\n    runner = workflow_runner.connect_to(client)\n' in text


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (f"{HEAD}def main(tasks):\n    Client().runner(tasks=tasks).run_forever()\n", "tasks is not known at the top level"),
        (
            f"{HEAD}Client().runner(tasks=[First]).run_forever()\n\n\ndef more():\n    pass\n",
            "definitions are among the statements that start it",
        ),
        (
            f"{HEAD}Client().runner(tasks=[First], cache='''\n''').run_forever()\n",
            "the statements that start it cannot be indented",
        ),
        (
            f"{HEAD}def one():\n    Client().runner(tasks=[First])\n\n\ndef two():\n    Client().runner(tasks=[Second])\n",
            "several of them",
        ),
        (
            f"{HEAD}from flow.more import *\n\nClient().runner(tasks=[First]).run_forever()\n",
            "not all names of its module are known",
        ),
    ],
)
def test_what_is_better_left_to_the_author_is_shown(project, module, reason):
    with pytest.raises(ConfigError) as caught:
        plan_adoption(project(module))
    (problem,) = caught.value.problems
    assert problem.location.path == "flow/runner.py"
    assert problem.location.line
    assert reason in problem.message
    assert "from tilebox.workflows import Runner" in problem.hint
    assert "= Runner(tasks=" in problem.hint
    assert 'if __name__ == "__main__":\n    ' in problem.hint


def test_a_module_in_another_encoding_is_left_to_its_author(project):
    root = project(f"# coding: latin-1\n{HEAD}{SHAPES['several lines']}")
    path = root / "flow" / "runner.py"
    path.write_bytes(path.read_bytes() + "# café\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8 text: byte 0xe9") as caught:
        plan_adoption(root)
    assert "runner = Runner(tasks=[First, Second])" in caught.value.problems[0].hint


@pytest.mark.parametrize(
    "module",
    [
        "from click.testing import CliRunner\n\napp.runner(tasks=[1])\n",
        f"{HEAD}app.runner([First])\n",
        f"{HEAD}Client().jobs().submit('x', First())\n",
        f"{HEAD}# Client().runner(tasks=[First]).run_forever()\n",
        f"{HEAD}text = 'Client().runner(tasks=[First]).run_forever()'\n",
    ],
)
def test_what_is_no_direct_runner(project, module):
    with pytest.raises(ConfigError, match=r"no module in .* has a Runner object"):
        plan_adoption(project(module))


def test_a_runner_object_counts_before_a_direct_runner(project):
    module = f"{HEAD}from tilebox.workflows import Runner\n\nrunner = Runner(tasks=[First])\n\n{SHAPES['in the guard']}"
    adoption = plan_adoption(project(module))
    assert "flow/runner.py" not in [change.path for change in adoption.changes]


def test_direct_runners_of_other_modules_are_named(project):
    root = project(HEAD + SHAPES["in the guard"], scripts__serve_dot_py="")
    (root / "scripts" / "serve.py").parent.mkdir(exist_ok=True)
    (root / "scripts" / "serve.py").write_text(HEAD + SHAPES["in the guard"])
    notes = edited(root)[2]
    assert any("there are direct runners in scripts/serve.py, too" in (note.hint or "") for note in notes)


def test_the_command_writes_it_once(project, invoke):
    root = project(HEAD + SHAPES["in a function"])
    report = check_output("adopt", invoke("adopt", root, "--yes", "--json").stdout)
    assert {change["path"] for change in report["changes"]} == {"pyproject.toml", "flow/runner.py", "tilebox.workflow.toml"}
    again = check_output("adopt", invoke("adopt", root, "--yes", "--json").stdout)
    assert again["changes"] == []
