"""Settings that only this machine has: locks that real uv creates with a user's configuration, and builds without it."""

from __future__ import annotations

import base64
import subprocess
import zipfile
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from loopback import serve

from hatch_tilebox.core.errors import DiscoveryError
from hatch_tilebox.core.model import FileEntry, Pattern
from hatch_tilebox.core.uv_lock import selected_lock
from hatch_tilebox.discovery.environment import prepare, read_metadata
from hatch_tilebox.discovery.portability import check_portability
from hatch_tilebox.selection.select import select_files

pytestmark = pytest.mark.runtime

WHEEL = "acme_common-1.0-py3-none-any.whl"
MIRROR = "http://packages.example.com/simple"
LOGIN = "http://robot:s3cret@packages.example.com/simple"


def write_wheel(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        info = "acme_common-1.0.dist-info"
        wheel.writestr("acme_common.py", "X = 1\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: acme-common\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"acme_common.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return folder / WHEEL


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """The host and port of an index that requires a login, used directly or as a proxy."""
    wheel = write_wheel(tmp_path_factory.mktemp("wheel")).read_bytes()
    login = "Basic " + base64.b64encode(b"robot:s3cret").decode()

    def answer(_method, url, headers, _body):
        path = urlsplit(url).path
        if headers.get("Authorization") != login:
            return 401, {"WWW-Authenticate": "Basic"}, b""
        if path.endswith(WHEEL):
            return 200, {"Content-Type": "application/octet-stream"}, wheel
        if path.endswith("/acme-common/"):
            return 200, {"Content-Type": "text/html"}, f'<a href="/files/{WHEEL}">{WHEEL}</a>'.encode()
        return 404, {}, b""

    with serve(answer) as (host, _):
        yield host


@pytest.fixture
def place(tmp_path, monkeypatch, index):
    """A home of its own, where `packages.example.com` is reached through a proxy, and a project in it."""
    project = tmp_path / "home" / "project"
    project.mkdir(parents=True)
    for name in ("UV_FIND_LINKS", "UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
        "HTTP_PROXY": f"http://{index}",
        "http_proxy": f"http://{index}",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_HTTP_RETRIES": "0",
    }.items():
        monkeypatch.setenv(name, value)

    def write(extra="", *, dependencies='["acme-common"]'):
        (project / "pyproject.toml").write_text(
            f'[project]\nname = "flow"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = {dependencies}\n\n'
            f"[tool.uv]\npackage = false\n{extra}"
        )
        return project

    def configure(text):
        path = tmp_path / "home" / ".config" / "uv" / "uv.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def lock():
        (project / "uv.lock").unlink(missing_ok=True)
        subprocess.run(["uv", "lock", "--quiet"], cwd=project, check=True)

    return SimpleNamespace(root=project, write=write, configure=configure, lock=lock, tmp_path=tmp_path)


def select(root, *include):
    return select_files(root, [Pattern(text) for text in (*include, "pyproject.toml", "uv.lock")])


def judge(root, *include):
    """The messages of errors and of warnings, with their hints."""
    files = select(root, *include)
    found = check_portability(files, selected_lock(files))
    return tuple([f"{problem.message}\n{problem.hint}" for problem in problems] for problems in (found.errors, found.warnings))


def prove(place, *include):
    """Make the environment of the project as a build does."""
    import hashlib

    files = select(place.root, *include)
    entries = [
        FileEntry(file.path, file.size, file.mode, hashlib.sha256(file.source.read_bytes()).hexdigest()) for file in files.files
    ]
    environment = prepare(place.tmp_path / "entry", files, entries, read_metadata(files), lambda _: None)
    assert [*environment.prefix.glob("lib/*/site-packages/acme_common.py")]
    return environment


def test_an_index_of_the_release_is_fine_and_a_login_from_here_stays(place, monkeypatch):
    place.write(f'index = [{{ url = "{MIRROR}/", default = true }}]\n')
    monkeypatch.setenv("UV_INDEX", f"acme={LOGIN}")
    place.lock()
    assert judge(place.root) == ([], [])
    prove(place)


@pytest.mark.parametrize("variable", ["UV_INDEX", "UV_EXTRA_INDEX_URL"])
def test_an_index_of_the_environment_is_named(place, monkeypatch, variable):
    place.write('index = [{ url = "http://other.example.com/simple", default = true }]\n')
    monkeypatch.setenv(variable, LOGIN)
    place.lock()
    ((error,), warnings) = judge(place.root)
    assert error.startswith(f"acme-common comes from the index {MIRROR}, which only {variable} on this machine sets")
    assert f'index = [{{ url = "{MIRROR}" }}] under [tool.uv]' in error
    assert "s3cret" not in error
    assert warnings == []
    monkeypatch.delenv(variable)
    ((error,), _) = judge(place.root)
    assert "which the release does not name" in error
    with pytest.raises(DiscoveryError):
        prove(place)


@pytest.mark.parametrize("origin", ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "file", "file of old", "UV_CONFIG_FILE"])
def test_an_index_in_place_of_pypi_is_a_warning_and_the_proof_uses_it(place, monkeypatch, origin):
    place.write()
    if origin == "UV_CONFIG_FILE":
        path = place.tmp_path / "other.toml"
        path.write_text(f'index-url = "{LOGIN}"\n')
        monkeypatch.setenv(origin, str(path))
        origin = str(path)
    elif origin.startswith("UV_"):
        monkeypatch.setenv(origin, LOGIN)
    else:
        line = f'[[index]]\nurl = "{LOGIN}"\ndefault = true' if origin == "file" else f'index-url = "{LOGIN}"'
        origin = str(place.configure(f"{line}\n"))
    place.lock()
    errors, (warning,) = judge(place.root)
    assert errors == []
    assert f"names the index {MIRROR}, which {origin} sets on this machine" in warning
    assert "default = true" in warning
    assert "s3cret" not in warning
    prove(place)


def test_options_of_the_users_file_are_named_and_the_proof_is_without_them(place, monkeypatch):
    monkeypatch.setenv("UV_INDEX", LOGIN)
    place.write(f'index = [{{ url = "{MIRROR}", default = true }}]\n')
    (place.tmp_path / "home" / ".config" / "git").mkdir(parents=True)
    path = place.configure('prerelease = "allow"\nresolution = "lowest"\nexclude-newer = "2026-11-01T00:00:00Z"\nno-build = true\n')
    place.write(f'index = [{{ url = "{MIRROR}", default = true }}]\n', dependencies="[]")
    place.lock()
    errors, _ = judge(place.root)
    assert len(errors) == 3
    assert all(f"which {path} sets on this machine and the release does not" in error for error in errors)
    assert any('set `exclude-newer = "2026-11-01T00:00:00Z"` under [tool.uv]' in error for error in errors)
    place.write(f'index = [{{ url = "{MIRROR}", default = true }}]\n')
    path.write_text('no-build = true\nresolution = "lowest"\n')
    place.lock()
    with pytest.raises(DiscoveryError, match="stale"):
        prove(place)
    kept = place.tmp_path / "entry" / "configuration" / "user"
    assert (kept / "uv" / "uv.toml").read_text() == "no-build = true\n"
    assert (kept / "git").is_symlink()


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("UV_EXCLUDE_NEWER", "2026-11-01T00:00:00Z", "exclude-newer"),
        ("UV_PRERELEASE", "allow", "prerelease"),
        ("UV_RESOLUTION", "lowest-direct", "resolution"),
        ("UV_FORK_STRATEGY", "fewest", "fork-strategy"),
    ],
)
def test_options_of_the_environment_are_named(place, monkeypatch, name, value, key):
    place.write(dependencies="[]")
    monkeypatch.setenv(name, value)
    place.lock()
    ((error,), _) = judge(place.root)
    assert f"`{key}`, which {name} sets on this machine" in error
    place.write(f'{key} = "{value}"\n', dependencies="[]")
    assert judge(place.root) == ([], [])


def test_constraints_of_the_users_file_are_named(place):
    place.write(dependencies="[]")
    path = place.configure('constraint-dependencies = ["acme-common<2"]\n')
    place.lock()
    errors, _ = judge(place.root)
    if "constraints" in (place.root / "uv.lock").read_text():
        assert f"which {path} sets" in errors[0]
    else:
        assert errors == []


def test_an_index_on_loopback_is_an_error_even_where_the_release_names_it(place, index):
    port = index.partition(":")[2]
    for host in ("127.0.0.1", "localhost", "[::1]"):
        place.write(f'index = [{{ url = "http://{host}:{port}/simple", default = true }}]\n')
        (place.root / "uv.lock").write_text(
            f'version = 1\n\n[[package]]\nname = "acme-common"\nsource = {{ registry = "http://{host}:{port}/simple" }}\n'
            f'wheels = [\n    {{ url = "http://{host}:{port}/files/{WHEEL}" }},\n]\n'
        )
        ((error,), _) = judge(place.root)
        assert "only this machine can reach it" in error
    address = "http://10.1.2.3/simple"
    place.write(f'index = [{{ url = "{address}", default = true }}]\n')
    (place.root / "uv.lock").write_text(f'[[package]]\nname = "acme-common"\nsource = {{ registry = "{address}" }}\n')
    errors, (warning,) = judge(place.root)
    assert errors == []
    assert "in the same network" in warning


def test_links_from_the_environment_are_named(place, monkeypatch):
    place.write()
    folder = write_wheel(place.tmp_path / "links").parent
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_OFFLINE", "1")
    place.lock()
    ((error,), _) = judge(place.root)
    assert error.startswith(f"acme-common comes from {folder} (set by UV_FIND_LINKS), which is on this machine only")


def test_paths_of_the_project_are_right_only_where_they_are_relative(place, monkeypatch):
    monkeypatch.setenv("UV_OFFLINE", "1")
    wheel = write_wheel(place.root / "wheels")
    for settings, wrong in (
        (f'find-links = ["{wheel.parent}"]\n', "acme-common comes from"),
        ('find-links = ["wheels"]\n', None),
        (f'[tool.uv.sources]\nacme-common = {{ path = "{wheel}" }}\n', "write"),
        (f'[tool.uv.sources]\nacme-common = {{ path = "wheels/{WHEEL}" }}\n', None),
    ):
        place.write(settings)
        place.lock()
        errors, warnings = judge(place.root, "wheels/*.whl")
        assert [wrong in error and "on this machine only" in error for error in errors] == ([True] if wrong else [])
        assert warnings == []
    place.write(dependencies=f'["acme-common @ file://{wheel}"]')
    (place.root / "uv.lock").unlink()
    ((error,), _) = judge(place.root, "wheels/*.whl")
    assert "on this machine only" in error


def test_what_the_release_declares_and_only_this_machine_has_is_named_though_the_lock_has_nothing_of_it(place, index):
    links = write_wheel(place.tmp_path / "links").parent
    for text, shown in (
        (f'find-links = ["{links}"]\n', str(links)),
        ('find-links = ["../../links"]\n', "../../links"),
        (f'find-links = ["file://{links}"]\n', f"file://{links}"),
        (f'index = [{{ name = "spare", url = "http://{index}/simple", explicit = true }}]\n', f"http://{index}/simple"),
    ):
        place.write(text, dependencies="[]")
        place.lock()
        errors, (warning,) = judge(place.root)
        assert errors == []
        assert warning.startswith(f"{shown} is on this machine only: nothing in uv.lock comes from it")
        (place.root / "uv.lock").unlink()
        (error,), warnings = judge(place.root)
        assert error.startswith(f"{shown} is on this machine only: a release runner resolves")
        assert warnings == []


def test_a_file_that_is_missing_from_links_in_the_project_is_named(place, monkeypatch):
    monkeypatch.setenv("UV_OFFLINE", "1")
    write_wheel(place.root / "wheels")
    place.write('find-links = ["./wheels"]\n')
    place.lock()
    ((error,), _) = judge(place.root)
    assert error.startswith(f"acme-common comes from wheels/{WHEEL}, which is not among the selected files\nadd ")
    assert judge(place.root, "wheels/*.whl") == ([], [])


@pytest.mark.parametrize("name", ["uv.toml", ".python-version"])
def test_a_lock_without_the_file_it_was_made_with_is_an_error(place, name):
    place.write(dependencies="[]")
    (place.root / name).write_text('prerelease = "allow"\n' if name == "uv.toml" else "3.11\n")
    place.lock()
    errors, _ = judge(place.root)
    assert f"uv.lock is selected, and {name} beside it is not" in errors[0]
    assert judge(place.root, name) == ([], [])


def test_a_file_in_a_folder_above_does_not_count(place):
    """uv reads it for no project, so neither lock nor proof has anything of it."""
    place.write(dependencies="[]")
    (place.root.parent / "uv.toml").write_text('exclude-newer = "2026-11-01T00:00:00Z"\n')
    place.lock()
    assert judge(place.root) == ([], [])
