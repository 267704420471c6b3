"""The commit that a release is built from, as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceCommit:
    """The commit of the project's repository when a release or an sdist was built.

    `id` is the commit's id in hex. `repository` is the URL of the remote without logins, None without a remote. `modified` are the
    files that differ from the commit and go into the release, or into a package of it, by their paths in the repository. `ref` is
    the branch or the tag in full, such as `refs/heads/main`, if it is known.
    """

    id: str
    repository: str | None
    modified: tuple[str, ...] = ()
    ref: str | None = None


def parse_source_commit(value: object) -> SourceCommit:
    """Return the commit with these JSON values. Raises ValueError for another shape."""
    match value:
        case {"id": str(identifier), "repository": None | str() as repository, "modified": [*modified], **others} if all(
            isinstance(path, str) for path in modified
        ):
            ref = others.get("ref")  # sdists of older versions have none
            return SourceCommit(identifier, repository, tuple(modified), ref if isinstance(ref, str) else None)
        case _:
            msg = "source must be an object of id, repository, modified"
            raise ValueError(msg)
