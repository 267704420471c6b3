"""Checks of sizes, secrets and required files."""

from __future__ import annotations

import json
import sys
from itertools import chain

import pytest

from hatch_tilebox.core.config import WorkflowConfig
from hatch_tilebox.core.constants import CONFIG_NAME, OPTIONS_PLACE
from hatch_tilebox.core.errors import Location, SelectionError
from hatch_tilebox.core.toml_document import parse_toml
from hatch_tilebox.core.workflow import Workflow
from hatch_tilebox.selection.release_files import check_files
from hatch_tilebox.selection.required_files import check_required_files
from hatch_tilebox.selection.secrets import HEAD, STEP, search_secrets
from hatch_tilebox.selection.select import select_release
from hatch_tilebox.selection.sizes import check_size

PLACE = "under [build] in tilebox.workflow.toml"

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Put together here so that no scanner takes this file for a leak.
BASE64 = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj"
BEGIN = "-----BEGIN {}PRIVATE " + "KEY-----"
VALUE = "tb" + "7Yq2LmN8" * 4
AWS_ID = "AKIA" + "QWERTYUIOPASDFGH"
AWS_SECRET = "aB3" + "dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7+"[:37]


def secrets(tree, *allowed, include="**"):
    return tuple(chain.from_iterable(search_secrets(tree.select(include), allowed)))


# secrets


named = """
    .env pkg/.env .env.production prod.env .netrc _netrc .pypirc home/.aws/credentials id_rsa ID_RSA keys/id_ed25519
    cert.p12 store.jks .cdsapirc .git-credentials
"""


@pytest.mark.parametrize("path", named.split())
def test_files_that_hold_secrets_by_their_name(tree, path):
    tree.write(path, "a.py")
    with pytest.raises(SelectionError) as caught:
        secrets(tree)
    (problem,) = caught.value.problems
    assert problem.location == Location(path)
    assert problem.hint == (
        f'leave it out: exclude = ["{path}"] {PLACE}; if it may be released: allow-secrets = ["{path}"] {OPTIONS_PLACE}'
    )


def test_the_lines_of_the_hint_are_toml_for_any_name(tree):
    path = 'keys [old] "a\\b"/id_rsa'
    tree.write(path, "a.py")
    with pytest.raises(SelectionError) as caught:
        secrets(tree)
    exclude, allow = caught.value.problems[0].hint.removeprefix("leave it out: ").split("; if it may be released: ")
    exclude, allow = exclude.removesuffix(f" {PLACE}"), allow.removesuffix(f" {OPTIONS_PLACE}")
    assert tomllib.loads(allow)["allow-secrets"] == [path]
    assert tree.paths("**", exclude=tomllib.loads(exclude)["exclude"]) == ["a.py"]


@pytest.mark.parametrize(
    "path", [".env.example", ".env.sample", ".env.template", "example.env", "pkg/.env.dist", "environment.py", "id_rsa.pub"]
)
def test_examples_and_public_halves_pass(tree, path):
    tree.write(path)
    assert secrets(tree) == ()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"{BEGIN.format('')}\n{BASE64}\n", "a private key"),
        (f"{BEGIN.format('RSA ')}\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-128\r\n\r\n{BASE64}\r\n", "a private key"),
        (f"{BEGIN.format('OPENSSH ')}\n{BASE64}\n", "a private key"),
        (f'KEY = (\n    "{BEGIN.format("EC ")}\\n"\n    "{BASE64}\\n"\n)', "a private key"),
        (json.dumps({"type": "service_account", "private_key": f"{BEGIN.format('')}\n{BASE64}\n"}), "a private key"),
        (f"TILEBOX_API_KEY={VALUE}", "a Tilebox API key"),
        (f"export TILEBOX_API_KEY='{VALUE}'", "a Tilebox API key"),
        (f'os.environ["TILEBOX_API_KEY"] = "{VALUE}"', "a Tilebox API key"),
        (f'"tilebox_api_key": "{VALUE}"', "a Tilebox API key"),
        (f'client = Client(\n    url="https://api.tilebox.com",\n    token="{VALUE}",\n)', "a Tilebox API key"),
        (f'curl https://api.tilebox.com/x -H "Authorization: Bearer {VALUE}"', "a Tilebox API key"),
        (f"id = {AWS_ID}", "an AWS access key"),
        (f"aws_secret_access_key = {AWS_SECRET}", "a secret key of an object store"),
        (f'CDSE_SECRET_KEY="{AWS_SECRET}"', "a secret key of an object store"),
        ("ghp_" + "a1B2" * 9, "a GitHub token"),
        ("password = pypi-AgEIcHlwaS5vcmc" + "a1B2" * 15, "a PyPI token"),
        ("glpat-" + "a1B2" * 5, "a GitLab token"),
        ("AIza" + "a1B2c" * 7, "a Google API key"),
        ("xoxb-" + "123456789012-abcdefgh", "a Slack token"),
    ],
)
def test_secrets_in_the_text_are_found_with_their_line_and_never_shown(tree, text, what):
    tree.file("pkg/settings.py", f"# first\n\n{text}\n")
    with pytest.raises(SelectionError) as caught:
        secrets(tree)
    (problem,) = caught.value.problems
    assert problem.message == f"the file contains {what}; a release must not contain secrets"
    assert problem.location.path == "pkg/settings.py"
    assert problem.location.line >= 3
    for secret in (VALUE, BASE64, AWS_ID, AWS_SECRET, "a1B2"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"-----BEGIN CERTIFICATE-----\n{BASE64}\n-----END CERTIFICATE-----",
        f"-----BEGIN PUBLIC KEY-----\n{BASE64}\n-----END PUBLIC KEY-----",
        f'if "{BEGIN.format("")}" in text:\n    raise ValueError("no keys, please")',
        "export TILEBOX_API_KEY=your-api-key-goes-here-123",
        "TILEBOX_API_KEY=<YOUR_TILEBOX_API_KEY>",
        'Client(token="YOUR_TILEBOX_API_KEY_1234")',
        'api_key = os.environ["TILEBOX_API_KEY"]',
        "TILEBOX_API_KEY: ${{ secrets.TILEBOX_API_KEY }}",
        "token = get_token_from_somewhere_1234567890()\nClient(token=token_from_the_environment_42)",
        "aws_secret_access_key = " + "x" * 40,
        "AKIAIOSFODNN7EXAMPLE",
        "secret_key_" + "a" * 40,
    ],
)
def test_what_only_looks_secret_passes(tree, text):
    tree.file("README.md", text)
    assert secrets(tree) == ()


def test_only_the_start_of_a_text_is_read_and_nothing_of_a_binary(tree):
    tree.file("late.txt", "x" * HEAD + f"\nTILEBOX_API_KEY={VALUE}")
    tree.file("binary.bin", b"\0\1\2" + f"\nTILEBOX_API_KEY={VALUE}".encode())
    assert secrets(tree) == ()
    tree.file("early.txt", f"TILEBOX_API_KEY={VALUE}\n" + "x" * HEAD)
    with pytest.raises(SelectionError, match=r"early\.txt:1"):
        secrets(tree)


def test_files_are_searched_in_steps_and_reported_together_at_the_end(tree):
    count = STEP // HEAD
    for number in range(2 * count):
        tree.file(f"{number}.txt", "x" * HEAD)
    tree.file("1.txt", f"x\n{AWS_ID}\n".ljust(HEAD))
    tree.write("id_rsa")
    search = search_secrets(tree.select("**"))
    assert [next(search) for _ in range(3)] == [(), (), ()]
    with pytest.raises(SelectionError) as caught:
        next(search)
    assert [problem.location for problem in caught.value.problems] == [Location("1.txt", 2), Location("id_rsa")]


def test_link_to_a_secret_is_one(tree):
    tree.file("secrets/.env", "A=1")
    tree.link("pkg/settings.txt", "../secrets/.env")
    with pytest.raises(SelectionError, match=r"pkg/settings\.txt: the file looks like settings"):
        secrets(tree, include="pkg/**")


def test_allowed_secrets_pass_and_needless_permissions_are_told(tree):
    tree.file("tests/key.pem", f"{BEGIN.format('')}\n{BASE64}\n")
    tree.write(".env", "a.py")
    assert secrets(tree, "tests/key.pem", "./.env") == ()
    warnings = [str(warning) for warning in secrets(tree, "tests/key.pem", ".env", "a.py", "gone.py")]
    hint = f"\n  hint: remove it from allow-secrets {OPTIONS_PLACE}"
    assert warnings == [
        f'allow-secrets names "a.py", which does not look like a secret{hint}',
        f'allow-secrets names "gone.py", which is not selected{hint}',
    ]
    with pytest.raises(SelectionError) as caught:
        secrets(tree, ".env")
    assert [problem.location for problem in caught.value.problems] == [Location("tests/key.pem", 1)]


# sizes


def sizes(tree, **options):
    return [str(warning) for warning in check_size(tree.select("**"), **options)]


def sparse(tree, path, size):
    with tree.file(path).open("wb") as file:
        file.truncate(size)


def test_small_sources_are_fine(tree):
    tree.write("a.py", "pkg/b.json", "uv.lock")
    assert sizes(tree) == []


def test_large_file_and_large_selection_are_told(tree):
    sparse(tree, "pkg/big[1].bin", 3 << 20)
    sparse(tree, "exactly.bin", 1 << 20)
    sparse(tree, "uv.lock", 2 << 20)
    large = f'pkg/big[1].bin is large: 3.0 MiB\n  hint: to leave it out: exclude = ["pkg/big\\\\[1\\\\].bin"] {PLACE}'
    assert sizes(tree) == [large]
    assert tree.paths("**", exclude=["pkg/big\\[1\\].bin"]) == ["exactly.bin", "uv.lock"]
    sparse(tree, "more.bin", 6 << 20)
    assert sizes(tree)[-1] == (
        "12.0 MiB are selected; a release runner downloads all of it. "
        "The largest: more.bin (6.0 MiB), pkg/big[1].bin (3.0 MiB), uv.lock (2.0 MiB)"
    )


def test_many_large_files_are_not_all_listed(tree):
    for number in range(13):
        sparse(tree, f"{number:02}.bin", (1 << 20) + 1 + number)
    warnings = sizes(tree, max_size=1 << 30)
    assert warnings[0].startswith("12.bin is large")
    assert warnings[10] == "3 more files are over 1.0 MiB, 3.0 MiB together"


@pytest.mark.parametrize(
    ("paths", "message", "glob"),
    [
        (["model.ckpt"], "model.ckpt is a model checkpoint: 0 B", "model.ckpt"),
        (["data/a.TIF"], "data/a.TIF is a raster: 0 B", "data/a.TIF"),
        (["d/a.tif", "d/b.tif"], "2 rasters, 0 B: d/a.tif, d/b.tif", "d/*.tif"),
        ([f"{i}.nc" for i in range(5)], "5 netCDF files, 0 B: 0.nc, 1.nc, 2.nc, …", "*.nc"),
        (["x.h5"], "x.h5 is an HDF file: 0 B", "x.h5"),
        (["x.tar.gz"], "x.tar.gz is an archive: 0 B", "x.tar.gz"),
        (["t.parquet"], "t.parquet is a data file: 0 B", "t.parquet"),
        (["s.zarr/.zgroup", "s.zarr/a/0.0"], "2 files of a zarr store, 0 B: s.zarr/.zgroup, s.zarr/a/0.0", "s.zarr/**"),
    ],
)
def test_heavy_kinds_are_told_with_the_line_to_paste(tree, paths, message, glob):
    tree.write("a.py", *paths)
    assert sizes(tree) == [f'{message}\n  hint: fetch it at run time and cache it; to leave it out: exclude = ["{glob}"] {PLACE}']
    assert tree.paths("**", exclude=[glob]) == ["a.py"]


def test_notebooks_are_told_if_they_hold_outputs(tree):
    tree.file("clean.ipynb", json.dumps({"cells": [{"cell_type": "code", "outputs": []}]}))
    tree.file("odd.ipynb", "no json")
    tree.file("list.ipynb", "[]")
    assert sizes(tree) == []
    content = json.dumps({"cells": [{"cell_type": "code", "outputs": [{"text": "x"}]}]})
    tree.file("full.ipynb", content)
    message = f"full.ipynb is a notebook with outputs: {len(content)} B"
    assert sizes(tree) == [message + f'\n  hint: clear its outputs; to leave it out: exclude = ["full.ipynb"] {PLACE}']


def test_more_than_the_limit_stops_with_the_ten_largest(tree):
    for number in range(12):
        sparse(tree, f"{number:02}.bin", 1000 + number)
    with pytest.raises(SelectionError) as caught:
        sizes(tree, max_size=12_000)
    lines = str(caught.value).splitlines()
    assert lines[0] == "11.8 KiB are selected, more than the 11.7 KiB that max-size allows; the largest:"
    assert lines[1] == "  |     1011 B  11.bin"
    assert len(lines) == 12
    assert lines[-1] == f'  hint: leave files out, as in exclude = ["11.bin"] {PLACE}, or set max-size {OPTIONS_PLACE}'
    assert sizes(tree, max_size=12_066) == []


def test_all_checks_report_together(tree):
    tree.file(".env", "12345")
    with pytest.raises(SelectionError) as caught:
        list(check_files(tree.select("**"), max_size=4))
    assert [problem.message.split()[0] for problem in caught.value.problems] == ["the", "5"]
    warnings = check_files(tree.select("**"), allow_secrets=[".env", "b"])
    assert [warning.message for warning in chain.from_iterable(warnings)] == ['allow-secrets names "b", which is not selected']


# what a release cannot do without


def expected(tree, module, *include, exclude=()):
    workflow = Workflow("slug", f"{module}:runner") if module else Workflow("slug", command=("start",))
    document = parse_toml(f'[workflow]\nslug = "slug"\nrunner = "{module}"\n', CONFIG_NAME)
    patterns = tuple(tree.patterns(include)), tuple(tree.patterns(exclude, 20))
    config = WorkflowConfig(tree.root / CONFIG_NAME, tree.root, workflow, *patterns, True, {}, document)
    return [str(warning) for warning in check_required_files(config, select_release(config))]


@pytest.mark.parametrize(
    ("path", "module", "line"),
    [
        ("runner.py", "runner", "runner.py"),
        ("pkg/runner.py", "pkg.runner", "pkg/**"),
        ("pkg/sub/runner.py", "pkg.sub.runner", "pkg/**"),
        ("pkg/__init__.py", "pkg", "pkg/**"),
        ("src/pkg/runner.py", "pkg.runner", "src/pkg/**"),
        ("src/runner.py", "runner", "src/runner.py"),
    ],
)
def test_module_that_is_not_selected_stops_with_the_line_to_add(tree, path, module, line):
    tree.write("pyproject.toml", "uv.lock", path)
    with pytest.raises(SelectionError) as caught:
        expected(tree, module, "pyproject.toml", "uv.lock")
    message, hint = str(caught.value).splitlines()
    assert message.startswith(
        f"tilebox.workflow.toml:3:10: the runner's module {module} is {path}, which is not selected: no include pattern"
    )
    assert hint == f'  hint: add "{line}" to [build] include in tilebox.workflow.toml'
    assert expected(tree, module, "pyproject.toml", "uv.lock", line) == []


def test_rule_that_keeps_the_module_out_is_named(tree):
    tree.write("pyproject.toml", "uv.lock", "pkg/runner.py", "pkg/a.py")
    tree.file("pkg/.gitignore", "run*\n")
    with pytest.raises(SelectionError) as caught:
        expected(tree, "pkg.runner", "*", "pkg/**")
    assert str(caught.value).endswith("is kept out by `run*` in pkg/.gitignore (pkg/.gitignore:1)\n  hint: change that rule")


def test_module_of_a_dependency_and_a_command_have_nothing_to_miss(tree):
    tree.write("pyproject.toml", "uv.lock")
    assert expected(tree, "elsewhere.runner", "*") == []
    assert expected(tree, None, "*") == []


def test_two_layouts_at_once_either_may_be_selected(tree):
    tree.write("pyproject.toml", "uv.lock", "pkg/runner.py", "src/pkg/runner.py")
    assert expected(tree, "pkg.runner", "*", "src/**") == []


def test_project_file_is_called_by_name(tree):
    tree.write("runner.py")
    assert expected(tree, "runner", "runner.py") == [f"there is no pyproject.toml in {tree.root}: the runner gets no environment"]
    tree.write("pyproject.toml", "uv.lock")
    with pytest.raises(SelectionError, match=r"pyproject\.toml is not selected, so the runner gets no environment"):
        expected(tree, "runner", "runner.py", "uv.lock")
    tree.file(".gitignore", "pyproject.toml\n")
    (warning,) = expected(tree, None, "*")
    assert warning.endswith("but is kept out by `pyproject.toml` in .gitignore (.gitignore:1)\n  hint: change that rule")
