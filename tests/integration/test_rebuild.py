"""`verify --rebuild`: a release built again from its commit, a folder or an sdist, with real git and real builds."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys

import pytest
from git_commits import git
from output_schema import check_output

from hatch_tilebox.archive import zstd

pytestmark = [pytest.mark.runtime, pytest.mark.needs_tool("git")]

NAME = "scene_qa-1.2.0"
SLUG = "scene-qa-5y9aK2ydM1f76n"


class Repository:
    """A committed project in a folder of a repository, and commands in it."""

    def __init__(self, top, env):
        self.top = top
        self.folder = top / "flows"
        self.env = {**env, "GIT_CONFIG_GLOBAL": os.devnull, "HATCH_TILEBOX_PROVENANCE": "true"}

    def git(self, *arguments):
        return git(self.top, *arguments)

    def build(self, target="tilebox", out="dist", **variables):
        command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)]
        subprocess.run(command, cwd=self.folder, env={**self.env, **variables}, check=True, capture_output=True)
        return self.folder / out / f"{NAME}.tbrelease"

    def verify(self, file, *options, cwd=None, code=0, **variables):
        command = [sys.executable, "-m", "hatch_tilebox", "verify", str(file), "--no-run", "--json", *map(str, options)]
        done = subprocess.run(
            command, cwd=cwd or self.top, env={**self.env, **variables}, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        self.errors = done.stderr
        return check_output("verify", done.stdout)

    def change(self, text="# later\n", name="scene_qa/scenes.py"):
        with (self.folder / name).open("a") as file:
            file.write(text)


@pytest.fixture
def repository(project, clean_env, tmp_path):
    made = Repository(tmp_path / "repository", clean_env)
    made.top.mkdir()
    shutil.move(project("scene_qa"), made.folder)
    made.git("init", "-q")
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "Add the workflow")
    return made


def statement_of(release):
    return release.with_name(f"{NAME}.provenance.json")


def moved(release, folder, change=None):
    """A release and its statement in another folder; `change` edits the statement."""
    folder.mkdir()
    shutil.copy(release, folder)
    statement = json.loads(statement_of(release).read_text())
    if change:
        change(statement)
    (folder / f"{NAME}.provenance.json").write_text(json.dumps(statement))
    return folder / release.name


def recompressed(release):
    """Replace the archive by one with the same content at another level; the statement follows. Gives the release."""
    options = {zstd.CompressionParameter.compression_level: 19, zstd.CompressionParameter.checksum_flag: 1}
    compressor = zstd.ZstdCompressor(options=options)
    content = zstd.ZstdDecompressor().decompress(release.read_bytes())
    compressor.set_pledged_input_size(len(content))
    release.write_bytes(compressor.compress(content, zstd.ZstdCompressor.FLUSH_FRAME))
    return release


def rebind(release, change=lambda _: None):
    """Make the statement one about the archive as it is now."""
    import hashlib

    statement = json.loads(statement_of(release).read_text())
    statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(release.read_bytes()).hexdigest()
    change(statement)
    statement_of(release).write_text(json.dumps(statement))
    return release


def test_the_recorded_commit_gives_the_same_bytes(repository):
    release = repository.build()
    commit = repository.git("rev-parse", "HEAD")
    repository.change()
    repository.git("commit", "-qam", "Change it")
    repository.change("not committed")
    hook = repository.top / ".git/hooks/post-checkout"
    hook.write_text("#!/bin/sh\ntouch hook-ran\n")
    hook.chmod(0o755)
    found = repository.verify(release, "--rebuild")
    assert found["rebuild"]["result"] == "identical"
    assert found["rebuild"]["source"] == {"kind": "commit", "place": str(repository.top), "commit": commit, "modified": []}
    assert found["rebuild"]["versions"] == []
    assert not [*repository.top.rglob("hook-ran")]
    assert "worktree" not in repository.git("worktree", "list", "--porcelain").splitlines()[1:]


def test_changed_files_and_tasks_are_listed(repository):
    release = repository.build()
    repository.change()
    repository.change("[project.urls]\n", "pyproject.toml")
    (repository.folder / "scene_qa/new.py").write_text("NEW = 1\n")
    found = repository.verify(release, "--rebuild", repository.folder, code=1)
    files = {file["path"]: file["kind"] for file in found["rebuild"]["files"]}
    assert files == {"pyproject.toml": "changed", "scene_qa/new.py": "added", "scene_qa/scenes.py": "changed"}
    (problem,) = found["problems"]
    assert problem["code"] == "TBX421"
    assert "+ scene_qa/new.py" in problem["details"]
    assert found["rebuild"]["source"]["kind"] == "folder"


def test_the_compressor_does_not_count(repository):
    release = rebind(recompressed(repository.build()))
    found = repository.verify(release, "--rebuild", repository.folder)
    assert found["rebuild"]["result"] == "recompressed"
    assert found["rebuild"]["files"] == []


def test_an_sdist_gives_the_same_bytes(repository):
    release = repository.build()
    repository.build("sdist")
    (sdist,) = release.parent.glob("*.tar.gz")
    found = repository.verify(release, "--rebuild", sdist, cwd=release.parent)
    assert (found["rebuild"]["result"], found["rebuild"]["source"]["kind"]) == ("identical", "sdist")


def test_modified_files_are_named(repository):
    repository.change()
    release = repository.build()
    found = repository.verify(release, "--rebuild", code=1)
    assert found["rebuild"]["source"]["modified"] == ["flows/scene_qa/scenes.py"]
    assert [file["path"] for file in found["rebuild"]["files"]] == ["scene_qa/scenes.py"]
    assert "TBX422" in repository.errors
    assert "flows/scene_qa/scenes.py" in repository.errors


def test_the_recorded_repository_is_fetched(repository, tmp_path):
    url = repository.top.as_uri()
    repository.git("remote", "add", "origin", url)
    release = moved(repository.build(), tmp_path / "elsewhere")
    found = repository.verify(release, "--rebuild", cwd=tmp_path, GIT_CEILING_DIRECTORIES=str(tmp_path))
    assert (found["rebuild"]["result"], found["rebuild"]["source"]["place"]) == ("identical", url)


def set_commit(text):
    def change(statement):
        statement["predicate"]["buildDefinition"]["resolvedDependencies"][0]["digest"]["gitCommit"] = text

    return change


def set_uri(text):
    def change(statement):
        dependency = statement["predicate"]["buildDefinition"]["resolvedDependencies"][0]
        dependency.pop("name", None)
        dependency["uri"] = f"git+{text}"

    return change


@pytest.mark.parametrize(
    "change",
    [
        set_commit("--upload-pack=touch ran"),
        set_commit("HEAD"),
        set_commit("main; touch ran"),
        set_commit("f" * 39),
        set_uri("ext::sh -c touch% ran"),
        set_uri("--upload-pack=touch ran"),
        set_uri("ssh://-oProxyCommand=touch ran/x"),
        set_uri("ssh://-oProxyCommand=touch%20ran/x"),
        set_uri("http://127.0.0.1:1/flows.git"),
        set_uri("https://ada:pass@127.0.0.1:1/flows.git"),
        set_uri("git://127.0.0.1/flows.git"),
        set_uri("/srv/flows"),
        set_uri("file:///no/such/repository"),
    ],
)
def test_hostile_statements_are_refused(repository, tmp_path, change):
    release = moved(_release(repository), tmp_path / "elsewhere", change)
    found = repository.verify(release, "--rebuild", cwd=tmp_path, code=1, GIT_CEILING_DIRECTORIES=str(tmp_path))
    assert {problem["code"] for problem in found["problems"]} <= {"TBX407", "TBX420"}
    assert found["rebuild"] is None
    assert "pass" not in json.dumps(found)
    assert not [*tmp_path.rglob("ran")]


def _release(repository):
    """A release with a statement, made by hand: these tests do not get as far as building."""
    from hand_made_releases import write_release

    from hatch_tilebox.archive.reader import check_archive
    from hatch_tilebox.core.source_commit import SourceCommit
    from hatch_tilebox.project.provenance import write_provenance

    dist = repository.top / "made"
    dist.mkdir()
    path = write_release(repository.top / "tree", dist, slug=SLUG, version="1.2.0", name="scene_qa")
    manifest, artifact = check_archive(path)
    write_provenance(manifest, artifact, SourceCommit("d" * 40, None))
    return path


def test_without_a_statement_the_source_is_asked_for(repository):
    release = _release(repository)
    statement_of(release).unlink()
    found = repository.verify(release, "--rebuild", code=1)
    assert [problem["code"] for problem in found["problems"]] == ["TBX420"]


def test_an_sdist_that_leads_outside_is_refused(repository, tmp_path):
    import io
    import tarfile

    with tarfile.open(tmp_path / "evil-1.0.tar.gz", "w:gz") as file:
        member = tarfile.TarInfo("../escaped")
        member.size = 1
        file.addfile(member, io.BytesIO(b"x"))
    found = repository.verify(_release(repository), "--rebuild", tmp_path / "evil-1.0.tar.gz", code=1)
    assert [problem["code"] for problem in found["problems"]] == ["TBX420"]


def test_recorded_versions_are_installed_if_the_content_differs(repository, frontend_env):
    """The wheel of this checkout is the recorded version, on another Python; the source is another one."""
    other = next(name for name in ("3.13", "3.12", "3.11") if not platform.python_version().startswith(name))
    exact = subprocess.run(
        ["uv", "run", "--no-project", "--python", other, "python", "-c", "import platform; print(platform.python_version())"],
        env=repository.env,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()

    def change(statement):
        statement["predicate"]["runDetails"]["builder"]["version"]["python"] = exact

    release = rebind(repository.build(), change)
    repository.change()
    found = repository.verify(
        release, "--rebuild", repository.folder, "-v", code=1, UV_FIND_LINKS=frontend_env["UV_FIND_LINKS"], UV_PRERELEASE="allow"
    )
    assert "fails" not in repository.errors
    assert "python" not in {item["name"] for item in found["rebuild"]["versions"]}
    assert [file["path"] for file in found["rebuild"]["files"]] == ["scene_qa/scenes.py"]
