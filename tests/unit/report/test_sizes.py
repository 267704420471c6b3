"""The packages of a lock that a runner on Linux installs."""

from __future__ import annotations

import pytest
from report_samples import lock, package

from hatch_tilebox.report.sizes import package_pieces


def test_the_packages_of_a_runner_with_the_sizes_of_its_files():
    pieces = package_pieces(lock().encode(), ">=3.10")
    assert [(piece.name, piece.size, piece.group) for piece in pieces] == [
        ("numpy 2.5.0", 15_000_000, "numpy"),
        ("grpcio 1.85.0", 12_000_000, "tilebox-workflows"),  # it has no wheel for Linux
        ("pytest 9.0.0", 400_000, "pytest"),  # `uv run` installs the group `dev`
        ("tilebox-workflows 0.66.0", 300_000, "tilebox-workflows"),
    ]


def test_the_version_that_the_project_takes():
    assert package_pieces(lock("2.4.0", "2.5.0").encode(), None)[0].name == "numpy 2.4.0"


def test_extras_count_only_where_they_are_asked_for():
    text = lock().replace('{ name = "tilebox-workflows" }', '{ name = "tilebox-workflows", extra = ["geo"] }')
    text = text.replace('[{ name = "grpcio" }]', '[{ name = "grpcio" }]\noptional-dependencies = { geo = [{ name = "colorama" }] }')
    names = [piece.name for piece in package_pieces(text.encode(), "")]
    assert "colorama 0.4.6" in names


def test_packages_that_need_each_other():
    text = lock() + package("a", "1", ("py3-none-any", 5), needs=("b",)) + package("b", "1", ("py3-none-any", 6), needs=("a",))
    text = text.replace('{ name = "pytest" }', '{ name = "a" }')
    assert {"a 1", "b 1"} <= {piece.name for piece in package_pieces(text.encode(), "")}


@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        b"package = 3",
        b"[[package]]\nname = 1",
        b"<<<<<<<",
        b"[[package]]\nname='a'\nsource={virtual='.'}\ndependencies=[{marker='x'}]",
    ],
)
def test_what_is_not_a_lock(data):
    assert package_pieces(data, "") is None


def test_a_malformed_supported_python_is_ignored():
    assert package_pieces(lock().encode(), "what")
