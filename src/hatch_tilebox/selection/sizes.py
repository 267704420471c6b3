"""Large files, and files that a workflow should rather fetch at run time."""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import OPTIONS_PLACE
from hatch_tilebox.core.errors import Problem, SelectionError
from hatch_tilebox.core.progress import format_size
from hatch_tilebox.selection.patterns.globs import escape, exclude_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hatch_tilebox.core.model import FileSet, SelectedFile

LARGE_FILE = 1 << 20
LARGE_SELECTION = 10 << 20
MAX_SIZE = 100 << 20

_KINDS = {
    ("a model checkpoint", "model checkpoints"): ".ckpt .gguf .joblib .keras .onnx .pb .pickle .pkl .pt .pth .safetensors .tflite",
    ("a raster", "rasters"): ".dem .ecw .grb .grb2 .grib .grib2 .jp2 .mrf .sid .tif .tiff",
    ("a netCDF file", "netCDF files"): ".cdf .nc .nc4",
    ("an HDF file", "HDF files"): ".h5 .hdf .hdf5 .he5",
    ("an archive", "archives"): ".7z .bz2 .gz .rar .tar .tgz .xz .zip .zst",
    ("a data file", "data files"): ".arrow .copc .feather .gpkg .las .laz .npy .npz .parquet .sqlite",
}
_KIND_OF = {suffix: kind for kind, suffixes in _KINDS.items() for suffix in suffixes.split()}
_ENDINGS = frozenset(suffix[1:] for suffix in (*_KIND_OF, ".ipynb"))
_ZARR = ("part of a zarr store", "files of a zarr store")
_NOTEBOOK = ("a notebook with outputs", "notebooks with outputs")
_LARGEST_NOTEBOOK_READ = 16 << 20
_LISTED = 10
_NAMED = 3
# A release needs these, whatever their size.
_NEEDED = frozenset({"pyproject.toml", "uv.lock"})


def check_size(files: FileSet, *, max_size: int = MAX_SIZE) -> tuple[Problem, ...]:
    """Return warnings about large files, a large selection and kinds of files that are rarely small, with the line to exclude them.

    Sizes are bytes before compression. Raises SelectionError, which names the ten largest files, above `max_size` in total.
    """
    total = files.size
    largest = heapq.nlargest(_LISTED, files.files, key=attrgetter("size")) if total > min(max_size, LARGE_SELECTION) else []
    if total > max_size:
        listed = "\n".join(f"{format_size(file.size):>10}  {file.path}" for file in largest)
        message = f"{format_size(total)} are selected, more than the {format_size(max_size)} that max-size allows; the largest:"
        hint = f"leave files out, as in {exclude_line(escape(largest[0].path))}, or set max-size {OPTIONS_PLACE}"
        raise SelectionError(Problem(message, hint, details=listed, code="TBX114"))
    data = _data_files(files.files)
    warnings = [_group_warning(kind, glob, group) for (kind, glob), group in sorted(data.items())]
    reported = {file.path for group in data.values() for file in group} | _NEEDED
    warnings += _large([file for file in files.files if file.size > LARGE_FILE and file.path not in reported])
    if total > LARGE_SELECTION:
        names = ", ".join(f"{file.path} ({format_size(file.size)})" for file in largest[:_NAMED])
        message = f"{format_size(total)} are selected; a release runner downloads all of it. The largest: {names}"
        warnings.append(Problem(message, code="TBX115"))
    return tuple(warnings)


def _data_files(files: Sequence[SelectedFile]) -> dict[tuple[tuple[str, str], str], list[SelectedFile]]:
    """Return files of kinds that are rarely small, by kind (singular and plural) and by the glob that excludes them."""
    groups: dict[tuple[tuple[str, str], str], list[SelectedFile]] = defaultdict(list)
    paths = [file.path for file in files]
    endings = {path.rpartition(".")[2].lower() for path in paths}
    if _ENDINGS.isdisjoint(endings) and ".zarr/" not in "\n".join(paths):
        return groups  # a look at all together, since most releases have no such file
    for file in files:
        path = file.path
        if ".zarr/" in path:
            groups[_ZARR, f"{escape(path.partition('.zarr/')[0])}.zarr/**"].append(file)
            continue
        suffix = path[path.rfind(".") :] if "." in path else ""
        kind = _KIND_OF.get(suffix.lower())
        if suffix == ".ipynb" and _has_outputs(file):
            kind = _NOTEBOOK
        if kind is not None:
            folder, slash, _ = path.rpartition("/")
            groups[kind, f"{escape(folder)}{slash}*{escape(suffix)}"].append(file)
    return groups


def _group_warning(kind: tuple[str, str], glob: str, group: Sequence[SelectedFile]) -> Problem:
    one, many = kind
    size = format_size(sum(file.size for file in group))
    if len(group) == 1:
        message = f"{group[0].path} is {one}: {size}"
        glob = glob if kind == _ZARR else escape(group[0].path)
    else:
        names = ", ".join(file.path for file in group[:_NAMED]) + (", …" if len(group) > _NAMED else "")
        message = f"{len(group)} {many}, {size}: {names}"
    advice = "clear its outputs" if kind == _NOTEBOOK else "fetch it at run time and cache it"
    return Problem(message, f"{advice}; to leave it out: {exclude_line(glob)}", code="TBX115")


def _large(files: Iterable[SelectedFile]) -> list[Problem]:
    large = sorted(files, key=lambda file: (-file.size, file.path))
    warnings = [
        Problem(
            f"{file.path} is large: {format_size(file.size)}", f"to leave it out: {exclude_line(escape(file.path))}", code="TBX115"
        )
        for file in large[:_LISTED]
    ]
    rest = large[_LISTED:]
    if rest:
        size = format_size(sum(file.size for file in rest))
        warnings.append(Problem(f"{len(rest)} more files are over {format_size(LARGE_FILE)}, {size} together", code="TBX115"))
    return warnings


def _has_outputs(file: SelectedFile) -> bool:
    if file.size > _LARGEST_NOTEBOOK_READ:
        return True
    try:
        notebook = json.loads(file.source.read_bytes())
    except (OSError, RecursionError, ValueError):
        return False
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    return isinstance(cells, list) and any(isinstance(cell, dict) and cell.get("outputs") for cell in cells)
