"""The rules of a policy, compared with a release and the documents about it. Each rule that is broken is a problem."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from hatch_tilebox.archive.reader import open_archive
from hatch_tilebox.archive.sbom import sbom_beside
from hatch_tilebox.attestations.statement import read_provenance
from hatch_tilebox.compatibility.releases import compare_releases
from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.errors import ConfigError, Problem, TileboxError
from hatch_tilebox.core.uv_lock import parse_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from hatch_tilebox.attestations.bundle import Signer
    from hatch_tilebox.attestations.statement import Provenance
    from hatch_tilebox.core.model import Artifact, ReleaseManifest
    from hatch_tilebox.core.policy import Policy
    from hatch_tilebox.core.uv_lock import LockedPackage

_NO_STATEMENT = "the release has no statement of provenance"
_BUILD = "build it with the option provenance"
_LARGEST_LOCK = 64 * 2**20


@dataclass(frozen=True)
class Running:
    """A release whose jobs must run on the new one. `manifest` is None if it cannot be read."""

    name: str
    manifest: ReleaseManifest | None


@dataclass(frozen=True)
class Evidence:
    """A checked archive and the documents beside it. `trust` is a file with the trust configuration of a private Sigstore.

    `running` is what the rule `compatible` compares with, None where nothing is known to run. Properties raise ArchiveError for a
    document that cannot be used.
    """

    manifest: ReleaseManifest
    artifact: Artifact
    running: Sequence[Running] | None = None
    trust: Path | None = None

    @cached_property
    def statement(self) -> Provenance | None:
        """What the statement of provenance says, None without one."""
        return read_provenance(self.artifact.path, self.artifact.sha256)

    def signer(self, trust: Path | None) -> Signer | None:
        """Return who signed the statement, None if nobody did. `trust` counts if the evidence has none of its own."""
        from hatch_tilebox.attestations.signature import check_signature  # which needs the extra `sign`

        return check_signature(self.artifact.path, self.artifact.sha256, self.trust or trust)

    @cached_property
    def packages(self) -> tuple[LockedPackage, ...] | None:
        """The packages of the lock in the release, without the project itself. None without a lock that can be read."""
        content = _lock(self.artifact.path)
        if content is None:
            return None
        try:
            packages = parse_lock(content.decode()).packages
        except (ConfigError, RecursionError, UnicodeDecodeError):
            return None
        return tuple(package for package in packages if not package.is_project)


def broken_rules(policy: Policy, evidence: Evidence) -> list[Problem]:
    """Return a problem for each rule of a policy that the release breaks, and for each package or task that breaks one."""
    rules = policy.rules
    signer = cache(partial(_signer, policy, evidence))  # several rules ask, and checking a signature takes long
    checks: list[tuple[str, str, bool, Callable[[], Iterator[Problem]]]] = [
        ("signed-by", "TBX530", rules.signed_by is not None, lambda: _signature(policy, signer())),
        ("repository", "TBX531", rules.repository is not None, lambda: _repository(policy, evidence, _certified(policy, signer))),
        ("branches", "TBX532", bool(rules.branches), lambda: _branch(policy, evidence, _certified(policy, signer))),
        ("clean-tree", "TBX533", rules.clean_tree, lambda: _clean_tree(evidence)),
        ("sbom", "TBX534", rules.sbom, lambda: _sbom(evidence)),
        ("forbidden-packages", "TBX535", bool(rules.forbidden_packages), lambda: _packages(rules.forbidden_packages, evidence)),
        ("compatible", "TBX536", rules.compatible, lambda: _compatible(evidence)),
    ]
    found: list[Problem] = []
    for key, code, is_set, check in checks:
        if not is_set:
            continue
        try:
            broken = [*check()]
        except TileboxError as error:  # a document that cannot be used proves nothing
            broken = [_broken(problem.message, problem.hint) for problem in error.problems]
        place = policy.places.get(key)
        found += [problem._replace(message=f"{key}: {problem.message}", location=place, code=code) for problem in broken]
    return found


def _broken(message: str, hint: str | None = None, details: str | None = None) -> Problem:
    return Problem(message, hint, details=details, code="TBX530")  # the caller knows the code of the rule


def _lock(archive: Path) -> bytes | None:
    """Return the lock in an archive, None without one."""
    with open_archive(archive) as opened:
        for entry, chunks in opened.members():
            if entry.path == LOCK_NAME and entry.size <= _LARGEST_LOCK:
                return b"".join(chunks)
    return None


def _signer(policy: Policy, evidence: Evidence) -> Signer | None:
    wanted = policy.rules.signed_by
    return evidence.signer(policy.folder / wanted.trust_config if wanted and wanted.trust_config else None)


def _certified(policy: Policy, signer: Callable[[], Signer | None]) -> Signer | None:
    """Return the signer if the policy asks for one: the certificate says too where a workflow has run, and nobody can write it."""
    try:
        return signer() if policy.rules.signed_by else None
    except TileboxError:  # which the rule signed-by reports
        return None


def _signature(policy: Policy, signer: Signer | None) -> Iterator[Problem]:
    wanted = policy.rules.signed_by
    if signer is None or wanted is None:
        yield _broken("nobody has signed the provenance of the release", "sign it: hatch-tilebox sign")
    elif signer.issuer != wanted.issuer or not fnmatchcase(signer.identity, _only_stars(wanted.identity)):
        yield _broken(
            f"the release is signed by {signer.identity} (issuer {signer.issuer}), "
            f"not by {wanted.identity} (issuer {wanted.issuer})"
        )


def _repository(policy: Policy, evidence: Evidence, signer: Signer | None) -> Iterator[Problem]:
    wanted, statement = policy.rules.repository or "", evidence.statement
    if statement is None:
        yield _broken(_NO_STATEMENT, _BUILD)
    elif statement.source is None or statement.source.repository is None:
        yield _broken("the statement of provenance names no repository", "build the release in a clone with a remote")
    elif _place(statement.source.repository) != _place(wanted):
        yield _broken(f"the release comes from {statement.source.repository}, not from {wanted}")
    elif signer and signer.repository and _place(signer.repository) != _place(wanted):
        yield _broken(f"the release is signed by a workflow of {signer.repository}, not of {wanted}")


def _branch(policy: Policy, evidence: Evidence, signer: Signer | None) -> Iterator[Problem]:
    wanted, statement = policy.rules.branches, evidence.statement
    if statement is None:
        yield _broken(_NO_STATEMENT, _BUILD)
        return
    ref = statement.source.ref if statement.source else None
    if ref is None:
        yield _broken("the statement of provenance names no branch", "build the release on a branch, or in a CI service")
        return
    if not _is_among(ref, wanted):
        yield _broken(f"the release comes from {ref}; allowed: {', '.join(wanted)}")
    elif signer and signer.ref and not _is_among(signer.ref, wanted):
        yield _broken(f"the release is signed by a workflow on {signer.ref}; allowed: {', '.join(wanted)}")


def _is_among(ref: str, patterns: Sequence[str]) -> bool:
    names = {ref, ref.removeprefix("refs/heads/")}
    return any(fnmatchcase(name, _only_stars(pattern)) for name in names for pattern in patterns)


def _clean_tree(evidence: Evidence) -> Iterator[Problem]:
    statement = evidence.statement
    if statement is None:
        yield _broken(_NO_STATEMENT, _BUILD)
    elif statement.source is None:
        yield _broken("the release was built from a folder without a commit", "build it in a clone")
    elif modified := statement.source.modified:
        message = f"{len(modified)} files differed from commit {statement.source.id} when the release was built"
        yield _broken(message, "commit them, and build the release again", "\n".join(modified[:20]))


def _sbom(evidence: Evidence) -> Iterator[Problem]:
    if sbom_beside(evidence.artifact.path, evidence.artifact.sha256) is None:
        yield _broken("the release has no SBOM", "build it with the option sbom")


def _packages(forbidden: Sequence[str], evidence: Evidence) -> Iterator[Problem]:
    packages = evidence.packages
    if packages is None:
        yield _broken(f"the release has no {LOCK_NAME} that can be read, so its packages are not known")
        return
    for text in forbidden:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        for package in packages:
            if package.name == name and _has_version(requirement, package.version):
                yield _broken(f"the release has {package.name} {package.version}".rstrip() + f", and {text} is forbidden")


def _has_version(requirement: Requirement, version: str) -> bool:
    """Whether the version fits. One that is not known or cannot be read may fit."""
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True


def _compatible(evidence: Evidence) -> Iterator[Problem]:
    for running in evidence.running or ():
        if running.manifest is None:
            yield _broken(f"whether jobs of {running.name} would run is not known: its manifest cannot be read")
            continue
        for change in compare_releases(running.manifest, evidence.manifest).tasks:
            if change.kind in {"breaking", "undecided"}:
                yield _broken(f"jobs of task {change.name} of {running.name} may not run: {'; '.join(change.reasons)}")


def _place(url: str) -> tuple[str, str]:
    """Return what two URLs of one repository have in common: its host and its path."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    except ValueError:  # a statement may have any text as its repository
        return url, ""
    return host, parts.path.strip("/").removesuffix(".git")


def _only_stars(pattern: str) -> str:
    """Return a pattern in which only `*` is special."""
    return pattern.replace("[", "[[]").replace("?", "[?]")
