"""The output of benchmarks that measure seconds."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def print_seconds(times: Mapping[str, Sequence[float]], ratios: Mapping[str, float]) -> None:
    """Print the median and the range of each row, with its ratio to the base."""
    print("| | median (s) | range (s) | ratio |\n|---|---|---|---|")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"| {name} | {median:.2f} | {min(seconds):.2f} to {max(seconds):.2f} | {ratios[name]:.2f} |")
