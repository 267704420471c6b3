"""The Tilebox API as a destination: workflows, releases and clusters, as its published definitions describe them.

Source: the protobuf definitions of `workflows.v1`, https://github.com/tilebox/api
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.identifiers import slug_fault
from hatch_tilebox.plugins.destination import Destination, PublishedRelease
from hatch_tilebox.publish.deployer import Cluster, Deployed, Deployer, no_such_release
from hatch_tilebox.publish.http.client import MAX_PAGES, Http
from hatch_tilebox.publish.http.origins import require_safe
from hatch_tilebox.publish.notes import NotedRelease, VersionNotes
from hatch_tilebox.publish.tilebox.artifacts import HttpTransport
from hatch_tilebox.publish.tilebox.connect import Connect, ConnectError
from hatch_tilebox.publish.tilebox.messages import decode_id, encode_id, release_content, release_tasks, time_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import ArtifactTransport, LocalRelease
    from hatch_tilebox.publish.http.retries import Retries

INSTALL_TOOL = "curl -fsSL https://cli.tilebox.com/install.sh | sh"
"""How to install Tilebox's command-line tool. Source: https://github.com/tilebox/skills"""
MAX_NAME = 100
MAX_DESCRIPTION = 50_000
"""Characters of names and of descriptions that the API takes."""


class TileboxApi(Destination, Deployer):
    """The API at `url`, with artifacts uploaded to `artifact_url` or by `transport`.

    With neither of them, it can do everything but publish. Raises PublishError if the key must not be sent to `url`.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        artifact_url: str = "",
        artifact_key: str = "",
        transport: ArtifactTransport | None = None,
        retries: Retries | None = None,
        progress: Progress | None = None,
        versions: VersionNotes | None = None,
    ) -> None:
        require_safe(url)
        self.url = self.to = url.rstrip("/")
        self._http = Http(url, secrets=(key, artifact_key), retries=retries, progress=progress)
        self._connect = Connect(self._http, url, key)
        if transport is None and artifact_url:
            transport = HttpTransport(self._http, artifact_url, artifact_key or key)
        self._transport = transport
        self._versions = versions or VersionNotes()

    def find(self, release: LocalRelease) -> PublishedRelease | None:
        self._require_transport()
        # A message may come without its artifact; the fingerprint alone then identifies the release.
        digests = {release.artifact.sha256, ""}
        found = (each for each in self.releases(release.workflow) if each.fingerprint == release.manifest.fingerprint)
        return next((each for each in found if each.digest in digests), None)

    def upload(self, release: LocalRelease, progress: Progress) -> str:
        return self._require_transport().upload(release, progress)

    def register(self, release: LocalRelease, uploaded: str) -> tuple[PublishedRelease, bool]:
        """Publish the release. The API does not say whether it created it, so the releases before and after are compared."""
        before = {each.id for each in self.releases(release.workflow)}
        request = {
            "workflowSlug": release.workflow,
            "artifactId": encode_id(uploaded),
            "content": release_content(release.manifest),
        }
        published = self._read(release.workflow, self._connect.call("PublishWorkflowRelease", request))
        return self._note_version(release, published), published.id not in before

    def releases(self, workflow: str | None) -> list[PublishedRelease]:
        found = [
            self._read(slug, release, noted)
            for item in ([self._workflow(workflow)] if workflow else self._workflows())
            for slug in [workflow or item.get("slug", "")]
            for noted in [self._versions.read(self.url, slug)]
            for release in item.get("releases", [])
        ]
        return sorted(found, key=lambda release: time_order(release.created_at or ""), reverse=True)

    def with_version(self, workflow: str, version: str) -> list[PublishedRelease]:
        """Return the releases with this version that this machine has published, with the digests of their archives."""
        noted = {key: each for key, each in self._versions.read(self.url, workflow).items() if each.version == version}
        found = self.releases(workflow) if noted else []
        return [replace(release, digest=noted[release.id].digest) for release in found if release.id in noted]

    def unpublish(self, workflow: str, release: str) -> None:
        """Remove a release from its workflow."""
        check_reference(workflow)
        self._connect.call("UnpublishWorkflowRelease", {"workflowSlug": workflow, "releaseId": encode_id(release)})

    def create_workflow(self, name: str, summary: str, description: str = "") -> str:
        """Create a workflow and return its slug. Raises PublishError if a text is too long, or the service refuses."""
        limits = (("name", name, MAX_NAME), ("summary", summary, MAX_DESCRIPTION), ("description", description, MAX_DESCRIPTION))
        for field, text, limit in limits:
            if len(text) > limit:
                raise PublishError(Problem(f"the {field} of a workflow has at most {limit:,} characters, not {len(text):,}"))
        request = {"name": name, "summary": summary, "description": description}
        slug = str(self._connect.call("CreateWorkflow", request).get("slug", ""))
        if fault := slug_fault(slug):
            raise PublishError(Problem(f"{self.url} created a workflow with the slug {slug[:MAX_NAME]!r}, which {fault}"))
        return slug

    def clusters(self) -> list[Cluster]:
        return [_cluster(message) for message in self._connect.call("ListClusters", {}).get("clusters", [])]

    def cluster(self, slug: str) -> Cluster:
        message = self._connect.call("GetCluster", {"clusterSlug": slug})
        return _cluster({"slug": slug, **message})

    def tasks(self, workflow: str, release: str) -> frozenset[tuple[str, str]]:
        return release_tasks(self._release(workflow, release))

    def deploy(self, workflow: str, release: str, clusters: Sequence[str]) -> tuple[str, ...]:
        return self._map("DeployWorkflowRelease", workflow, release, clusters)

    def undeploy(self, workflow: str, release: str | None, clusters: Sequence[str]) -> tuple[str, ...]:
        return self._map("UndeployWorkflowRelease", workflow, release, clusters)

    def close(self) -> None:
        self._http.close()

    def _note_version(self, release: LocalRelease, published: PublishedRelease) -> PublishedRelease:
        """Return `published` with its version, which the API does not keep and this machine notes."""
        noted = NotedRelease(release.manifest.project.version, release.artifact.sha256)
        # The release is published. Without the note, only a later warning about its version is missing.
        with suppress(PublishError):
            self._versions.add(self.url, release.workflow, published.id, noted)
        return replace(published, version=noted.version)

    def _require_transport(self) -> ArtifactTransport:
        """Return the transport. Raises PublishError if there is none."""
        if self._transport is None:
            hint = (
                f"install it with: {INSTALL_TOOL}\n"
                "or publish elsewhere: to a folder with --to ./releases, to a registry with --to oci://REGISTRY/REPOSITORY"
            )
            raise PublishError(
                Problem("publishing to Tilebox needs its command-line tool: tilebox is not on PATH", hint=hint, code="TBX509")
            )
        return self._transport

    def _map(self, method: str, workflow: str, release: str | None, clusters: Sequence[str]) -> tuple[str, ...]:
        check_reference(workflow)
        request: dict[str, Any] = {"workflowSlug": workflow, "clusterSlugs": list(clusters)}
        if release is not None:
            request["releaseId"] = encode_id(release)
        return tuple(cluster.get("slug", "") for cluster in self._connect.call(method, request).get("clusters", []))

    def _release(self, workflow: str, release: str) -> dict[str, Any]:
        """Return the message of a release. Raises PublishError if the workflow does not have it."""
        messages: list[dict[str, Any]] = self._workflow(workflow).get("releases", [])
        found = next((message for message in messages if decode_id(message.get("id")) == release), None)
        if found is None:
            raise no_such_release(workflow, release)
        return found

    def _workflow(self, slug: str) -> dict[str, Any]:
        check_reference(slug)
        try:
            return self._connect.call("GetWorkflow", {"workflowSlug": slug})
        except ConnectError as error:
            if error.code != "not_found":
                raise
            hint = (
                "create it once with `hatch-tilebox init`, in the console, or with\n"
                "tilebox.workflows.Client().workflows().create(NAME, SUMMARY);\n"
                "then write the slug that it gets into tilebox.workflow.toml"
            )
            raise PublishError(Problem(f"{self.url} has no workflow {slug!r}", hint=hint, code="TBX505")) from None

    def _workflows(self) -> Iterator[dict[str, Any]]:
        """Yield all workflows, page by page."""
        request: dict[str, Any] = {}
        seen = [request]
        while len(seen) <= MAX_PAGES:
            answer = self._connect.call("ListWorkflows", request)
            yield from answer.get("workflows", [])
            if not answer.get("nextPage"):
                return
            request = {"page": answer["nextPage"]}
            if request in seen:
                raise PublishError(Problem(f"{self.url} lists its workflows in a circle: it returned the same page twice"))
            seen.append(request)
        raise PublishError(Problem(f"{self.url} lists its workflows on more than {MAX_PAGES} pages", "name one with --workflow"))

    def _read(
        self, workflow: str, message: dict[str, Any], noted: Mapping[str, NotedRelease] = MappingProxyType({})
    ) -> PublishedRelease:
        identity = decode_id(message.get("id"))
        return PublishedRelease(
            id=identity,
            workflow=workflow,
            digest=message.get("artifact", {}).get("digest", ""),
            fingerprint=message.get("content", {}).get("fingerprint", ""),
            url=self.url,
            version=noted[identity].version if identity in noted else None,
            created_at=message.get("createdAt"),
            clusters=tuple(cluster.get("slug", "") for cluster in message.get("clusters", [])),
        )


def check_reference(workflow: str) -> None:
    """Raise PublishError if `workflow` is neither a slug nor the `namespace:slug` of a shared workflow."""
    namespace, colon, slug = workflow.rpartition(":")
    if slug_fault(slug) or (colon and not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", namespace)):
        hint = "write a slug such as scene-qa-5y9aK2, or namespace:slug for a shared workflow"
        raise PublishError(Problem(f"{workflow[:200]!r} is not a workflow", hint=hint, code="TBX505"))


def _cluster(message: dict[str, Any]) -> Cluster:
    deployed = tuple(
        Deployed(workflow.get("slug", ""), decode_id(release.get("id")), release_tasks(release))
        for workflow in message.get("deployedReleases", [])
        for release in workflow.get("releases", [])
    )
    return Cluster(message.get("slug", ""), deployed)
