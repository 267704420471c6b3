from __future__ import annotations

import pytest

from hatch_tilebox.core.suggestions import close_match, did_you_mean


@pytest.mark.parametrize(
    ("word", "words", "meant"),
    [
        ("inclde", ["include", "exclude"], "include"),
        ("Cloud_Cover", ["cloud-cover", "cloud"], "cloud-cover"),
        ("slog", ["slug", "root"], "slug"),
        ("xyz", ["slug", "root"], None),
        ("root", [], None),
        (7, ["slug"], None),
    ],
)
def test_the_most_similar_word(word, words, meant):
    assert close_match(word, words) == meant


def test_a_question():
    assert did_you_mean("inclde", ["include"]) == 'did you mean "include"?'
    assert did_you_mean("inclde", ["include"], quote="") == "did you mean include?"
    assert did_you_mean("xyz", ["include"]) is None
