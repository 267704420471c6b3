"""The hooks that plugins may implement, and the marker for an implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

from hatch_tilebox.core.constants import PLUGIN_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hatch_tilebox.plugins.destination import ArtifactTransport, Destination
    from hatch_tilebox.plugins.findings import Finding, ReleaseFile

hookspec = pluggy.HookspecMarker(PLUGIN_GROUP)

hookimpl = pluggy.HookimplMarker(PLUGIN_GROUP)
"""Marks a function or method as the implementation of the hook with the same name."""


class HookSpecs:
    """The hooks. An implementation may leave out arguments that it does not need."""

    @hookspec
    def hatch_tilebox_check_release(self, manifest: dict[str, Any], files: Sequence[ReleaseFile]) -> Iterable[Finding] | None:
        """Check a release right before it is written.

        Every installed plugin is called, after the tasks were listed. Nothing is written if one of them returns an error.

        Args:
            manifest: The content of `.tilebox/release.json` as a dictionary. Each plugin gets its own copy.
            files: All files of the release except the manifest, sorted by path.

        Returns:
            The errors and warnings of this plugin; None if there are none.

        Raises:
            Exception: The check failed. Any exception stops the build and is reported with the name of the plugin.

        """

    @hookspec(firstresult=True)
    def hatch_tilebox_destination(self, url: str, options: Mapping[str, str]) -> Destination | None:
        """Open the destination that the user named.

        Plugins are called before the built-in destinations are considered. The first result that is not None is used.

        Args:
            url: The destination as the user wrote it: the value of `--to`, or of the key `to` in the configuration.
            options: The table `[tool.hatch.publish.tilebox.options]`, with the values of `-o options.NAME=VALUE`.

        Returns:
            The destination, or None if the URL does not belong to this plugin.

        Raises:
            PublishError: The URL belongs to this plugin, but the URL or an option is wrong, or the service cannot be reached.

        """

    @hookspec(firstresult=True)
    def hatch_tilebox_artifact_transport(self, api_url: str, api_key: str, artifact_url: str) -> ArtifactTransport | None:
        """Replace the upload of artifacts to the Tilebox API.

        The first result that is not None is used.

        Args:
            api_url: The URL of the Tilebox API.
            api_key: The key for `api_url`. Never send it to another origin: a file of the project may have set `artifact_url`.
            artifact_url: The setting `artifact-url`; empty if it is not set.

        Returns:
            The transport, or None to use the built-in one.

        Raises:
            PublishError: A setting is wrong, or the service cannot be reached.

        """
