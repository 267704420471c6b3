"""Words that this project avoids, each with a plainer one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OLD_WORDS = {
    r"\bmend(s|ed|ing)?\b": "fix",
    r"(?<![Tt]here )\b(is|are|was|were) no (?!longer\b|more\b|one\b)": "is not a",
    r"\b(tell|tells|telling|told)\b": "report, show, print",
    r"\bunsaid\b": "undeclared",
    r"\bheirs?\b": "successor",
    r"(?<![`\"])\bdoubts?\b(?![`\"])|\bdoubtful\b": "warning",
    r"\bhas not the right\b": "lacks permission",
    r"\btoo long to be true\b": "exceeds N MiB",
    r"\bcannot be told\b": "is not known",
    r"\bwhatever (the|a|its) user can fix\b": "user errors",
    r"\bgone round\b": "bypassed",
    r"\bof ours\b": "of hatch-tilebox",
    r"\bought to\b": "should",
    r"\bshall\b": "must, should",
    r"\blest\b": "so that ... not",
    r"\banew\b": "again",
    r"\bcures?\b": "fix",
    r"\bas it stands\b": "unchanged",
    r"(?<!a )\bpass(es)? over\b": "ignore, skip",
    r"\b(is|are) to be had\b": "is available",
}
PLACES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/**/*.md", "docs/*.py", "src/**/*.py", "benchmarks/*.py"]


def files():
    return sorted({path for place in PLACES for path in ROOT.glob(place)})


@pytest.mark.parametrize("path", files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_old_words_do_not_return(path):
    text = path.read_text("utf-8")
    found = [
        f"line {text.count(chr(10), 0, match.start()) + 1}: {match.group()!r}: write {better!r}"
        for word, better in OLD_WORDS.items()
        for match in re.finditer(word, text)
    ]
    assert not found
