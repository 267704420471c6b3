"""The publisher `tilebox`: `hatch publish -p tilebox`. Only hatch imports this module; hatchling alone could not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatch.publish.plugin.interface import PublisherInterface

from hatch_tilebox.core.errors import ConfigError, Problem, TileboxError
from hatch_tilebox.core.printable import printable
from hatch_tilebox.frontends.text_progress import TextProgress


class TileboxPublisher(PublisherInterface):
    """Publishes a release with the settings of the project, hatch's own configuration, `-o` and the environment."""

    PLUGIN_NAME = "tilebox"

    def publish(self, artifacts: list[str], options: dict[str, Any]) -> None:
        """Publish the release in `artifacts` (files or folders), by default the one of the current version, and print its id."""
        progress = TextProgress(self.app)
        from hatch_tilebox.core.signals import cleans_up_when_terminated

        try:
            with cleans_up_when_terminated():
                report = self._publish([self._place(artifact) for artifact in artifacts], options, progress)
        except TileboxError as error:
            progress.abort(error)
        if report["id"]:
            self.app.display(printable(report["id"]))

    def _publish(self, artifacts: list[Path], options: dict[str, Any], progress: TextProgress) -> dict[str, Any]:
        from hatch_tilebox.core.pyproject import peek_pyproject
        from hatch_tilebox.project.publish_settings import load_settings
        from hatch_tilebox.project.releases import clusters_of, prepare_release
        from hatch_tilebox.publish.publication import publish_archive
        from hatch_tilebox.publish.steps import StepLog

        root = Path(self.root)
        given = {key: value for key, value in options.items() if key not in {"no_prompt", "initialize_auth"}}
        settings = load_settings(given=given, pyproject=peek_pyproject(root), user=self.plugin_config)
        clusters, log = clusters_of(root, settings.deploy) if settings.deploy else (), StepLog()
        try:
            local = prepare_release(artifacts, root, settings, progress, log)
        except ConfigError as error:
            if artifacts or settings.build:
                raise
            hint = "name the archive: hatch publish -p tilebox dist/NAME-VERSION.tbrelease"
            raise ConfigError(
                *error.problems, Problem("the current version of the project is not known", hint, code="TBX019")
            ) from error
        prompt = self._ask if not options.get("no_prompt") and sys.stdin.isatty() else None
        return publish_archive(local, settings, base=root, clusters=clusters, prompt=prompt, progress=progress, log=log)

    def _place(self, artifact: str) -> Path:
        """Return the file or folder of an argument: relative to the working directory, else to the project."""
        return Path(artifact) if Path(artifact).exists() else Path(self.root) / artifact

    def _ask(self, question: str) -> str:
        return str(self.app.prompt(printable(question), hide_input=True))
