"""A build backend (PEP 517, PEP 660) for workflow projects: hatchling with the build hook `tilebox` enabled.

    [build-system]
    requires = ["hatch-tilebox"]
    build-backend = "hatch_tilebox.backend"

A table `[tool.hatch]` is optional, and works as with hatchling. `hatch build -t tilebox` needs hatchling's own backend.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hatchling.builders.sdist import SdistBuilder
    from hatchling.builders.wheel import WheelBuilder

    from hatch_tilebox.core.errors import TileboxError

    Settings = Mapping[str, Any] | None

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
]


@contextmanager
def _explains_failures() -> Iterator[None]:
    """End the process with a message if hatchling fails because of a mistake in `pyproject.toml` or `hatch.toml`.

    The files are checked only then, so that a successful build does not pay for it.
    """
    try:
        yield
    except Exception:
        from hatch_tilebox.core.errors import TileboxError
        from hatch_tilebox.project.pyproject import read_pyproject

        try:
            read_pyproject(Path.cwd())
        except TileboxError as error:
            _abort(error)
        raise


@_explains_failures()
def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
    """https://peps.python.org/pep-0517/#get-requires-for-build-sdist"""
    return list(_sdist_builder(config_settings).config.dependencies)


@_explains_failures()
def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """https://peps.python.org/pep-0517/#build-sdist"""
    return _build(_sdist_builder(config_settings), sdist_directory, "standard")


@_explains_failures()
def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """https://peps.python.org/pep-0517/#get-requires-for-build-wheel"""
    return list(_wheel_builder(config_settings).config.dependencies)


@_explains_failures()
def build_wheel(
    wheel_directory: str,
    config_settings: Settings = None,
    metadata_directory: str | None = None,  # noqa: ARG001 -- named by the PEP; hatchling ignores it too
) -> str:
    """https://peps.python.org/pep-0517/#build-wheel"""
    return _build(_wheel_builder(config_settings), wheel_directory, "standard")


@_explains_failures()
def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    """https://peps.python.org/pep-0660/#get-requires-for-build-editable"""
    from hatchling.builders.constants import EDITABLES_REQUIREMENT

    return [*_wheel_builder(config_settings).config.dependencies, EDITABLES_REQUIREMENT]


@_explains_failures()
def build_editable(
    wheel_directory: str,
    config_settings: Settings = None,
    metadata_directory: str | None = None,  # noqa: ARG001 -- named by the PEP; hatchling ignores it too
) -> str:
    """https://peps.python.org/pep-0660/#build-editable"""
    return _build(_wheel_builder(config_settings), wheel_directory, "editable")


# Hatchling leaves these two out under pip, so that hooks can add dependencies to a wheel; see its build.py.
if "PIP_BUILD_TRACKER" not in os.environ:
    __all__ += ["prepare_metadata_for_build_editable", "prepare_metadata_for_build_wheel"]

    @_explains_failures()
    def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Settings = None) -> str:
        """https://peps.python.org/pep-0517/#prepare-metadata-for-build-wheel"""
        return _write_metadata(_wheel_builder(config_settings), metadata_directory, [])

    @_explains_failures()
    def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: Settings = None) -> str:
        """https://peps.python.org/pep-0660/#prepare-metadata-for-build-editable"""
        from hatchling.builders.constants import EDITABLES_REQUIREMENT

        builder = _wheel_builder(config_settings)
        exposes_files = not builder.config.dev_mode_dirs and builder.config.dev_mode_exact
        return _write_metadata(builder, metadata_directory, [EDITABLES_REQUIREMENT] if exposes_files else [])


def _build(builder: SdistBuilder | WheelBuilder, directory: str, version: str) -> str:
    """Build one file and return its name."""
    return Path(next(builder.build(directory=directory, versions=[version]))).name


def _write_metadata(builder: WheelBuilder, directory: str, extra_dependencies: list[str]) -> str:
    folder = Path(directory, f"{builder.artifact_project_id}.dist-info")
    folder.mkdir(exist_ok=True)
    text = builder.config.core_metadata_constructor(builder.metadata, extra_dependencies=extra_dependencies)
    folder.joinpath("METADATA").write_text(text, encoding="utf-8")
    return folder.name


def _sdist_builder(settings: Settings) -> SdistBuilder:
    from hatchling.builders.sdist import SdistBuilder

    return SdistBuilder(str(Path.cwd()), config=_project_config(settings))


def _wheel_builder(settings: Settings) -> WheelBuilder:
    from hatchling.builders.wheel import WheelBuilder

    return WheelBuilder(str(Path.cwd()), config=_project_config(settings))


def _project_config(settings: Settings) -> dict[str, Any]:
    """Return `pyproject.toml` of the project in the working directory, with the build hook in it."""
    from hatchling.metadata.core import ProjectMetadata

    config: dict[str, Any] = ProjectMetadata(str(Path.cwd()), None).config
    hooks = config.setdefault("tool", {}).setdefault("hatch", {}).setdefault("build", {}).setdefault("hooks", {})
    hooks.setdefault("tilebox", {})
    _pass_on(settings or {})
    return config


def _pass_on(settings: Mapping[str, Any]) -> None:
    """Set variables for our config settings, which hatchling does not pass to hooks. This process builds one project and ends."""
    if not any(name.startswith("tilebox.") for name in settings):
        return
    from hatch_tilebox.core.errors import TileboxError
    from hatch_tilebox.project.build_options import load_options, option_keys, setting_name, variable_name

    try:
        load_options({}, where="", environ={}, settings=settings)
    except TileboxError as error:
        _abort(error)
    for option in option_keys():
        value = settings.get(setting_name(option.name))
        if value is not None:
            os.environ[variable_name(option.name)] = value if isinstance(value, str) else os.pathsep.join(value)


def _abort(error: TileboxError) -> NoReturn:
    from hatchling.bridge.app import Application

    from hatch_tilebox.frontends.text_progress import TextProgress

    TextProgress(Application()).abort(error)
