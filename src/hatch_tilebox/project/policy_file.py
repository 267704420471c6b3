"""Read a policy: a TOML file, or the table `policy` of a project, whose rules are the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement

from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.core.policy import Policy, Rules, SignedBy
from hatch_tilebox.core.toml_document import dotted, read_toml
from hatch_tilebox.project.toml.kinds import Flag, Report, Text, Texts
from hatch_tilebox.project.toml.tables import Table, key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hatch_tilebox.core.pyproject import Pyproject

_SCHEMES = frozenset({"https", "ssh", "file"})


def _check_repository(value: str) -> str | None:
    parts = urlsplit(value)
    fine = parts.scheme in _SCHEMES and bool(parts.hostname or parts.scheme == "file") and parts.path.strip("/")
    return None if fine else "must be the URL of a repository: https://, ssh:// or file://"


def _check_requirement(value: str) -> str | None:
    try:
        requirement = Requirement(value)
    except InvalidRequirement as error:
        return f"is not a requirement: {str(error).splitlines()[0]}"
    if requirement.url or requirement.extras or requirement.marker:
        return "must be a name with or without versions; a URL, extras and markers are not allowed"
    return None


SIGNED_BY = Table(
    SignedBy,
    described={
        "identity": key(
            Text(),
            "The identity in the certificate: an email address, or the URL of a workflow of a CI service. `*` stands for any "
            "characters.",
            missing='for example "https://github.com/acme/flows/.github/workflows/release.yml@refs/heads/main"',
            examples=("https://github.com/acme/flows/.github/workflows/release.yml@refs/heads/main",),
        ),
        "issuer": key(
            Text(),
            "The URL of the service that knows the identity.",
            missing='for example "https://token.actions.githubusercontent.com"',
            examples=("https://token.actions.githubusercontent.com",),
        ),
        "trust_config": key(
            Text(),
            "A file with the trust configuration of a private Sigstore, relative to the policy.",
            shown="that of the public Sigstore",
            examples=("sigstore.json",),
        ),
    },
)

RULES = Table(
    Rules,
    described={
        "signed_by": key(SIGNED_BY, "Who must have signed the statement of provenance.", shown="anybody or nobody"),
        "repository": key(
            Text(_check_repository, {"pattern": "^(https|ssh|file)://"}),
            "The repository that the statement must name. The scheme, a login and `.git` do not count.",
            shown="any",
            examples=("https://github.com/acme/flows",),
        ),
        "branches": key(
            Texts(least=1),
            "The branches of which the statement must name one, by name or in full as `refs/tags/v1.0`; `*` stands for any "
            "characters.",
            shown="any",
            examples=(["main", "release/*", "refs/tags/v*"],),
        ),
        "clean_tree": key(Flag(), "Whether the statement must name a commit, and no file that differed from it.", examples=(True,)),
        "sbom": key(Flag(), "Whether the release must have an SBOM.", examples=(True,)),
        "forbidden_packages": key(
            Texts(Text(_check_requirement)),
            "Packages that the lock of the release must not have: names, or names with versions.",
            examples=(["urllib3<2", "left-pad"],),
        ),
        "compatible": key(
            Flag(),
            "Whether all jobs of the release that runs must run on this one. `deploy` compares with what the clusters run, "
            "`publish` with the latest release at the destination.",
            examples=(True,),
        ),
    },
)


def read_policy(path: Path) -> Policy:
    """Return the policy in a TOML file. Raises ConfigError with all mistakes in it."""
    document = read_toml(path, str(path))
    report = Report()
    rules = RULES.read(document.values, (), report)
    if report.mistakes:
        raise ConfigError(*report.problems(document))
    return Policy(path.name, rules, path.parent, {name: document.location((name,), key=True) for name in document.values})


def project_policy(pyproject: Pyproject, table: Any) -> Policy:
    """Return the policy of a project: the value of `policy` in its publish table. Raises ConfigError with all mistakes in it."""
    above = ("publish", "tilebox", "policy")
    report = Report()
    rules = RULES.read(table, (), report)
    if report.mistakes:
        # Items of arrays have no place of their own there.
        keys = [tuple(part for part in mistake.path if isinstance(part, str)) for mistake in report.mistakes]
        label = "[tool.hatch.publish.tilebox.policy]"
        problems = [
            mistake.problem(f"{label} {dotted(mistake.path)}".rstrip(), pyproject.hatch_location((*above, *path)))
            for mistake, path in zip(report.mistakes, keys, strict=True)
        ]
        raise ConfigError(*problems)
    places = {name: place for name in table if (place := pyproject.hatch_location((*above, name)))}
    return Policy("the policy of the project", rules, pyproject.root, places)


def load_policies(pyproject: Pyproject | None, own: object, paths: Iterable[object]) -> tuple[Policy, ...]:
    """Return the policy of a project, the value `own` of `policy` in its publish table, if it has one, and those in files.

    Raises ConfigError with the mistakes of the first one that has any.
    """
    found = [project_policy(pyproject, own)] if pyproject and own is not None else []
    return (*found, *(read_policy(Path(str(path))) for path in paths if path))
