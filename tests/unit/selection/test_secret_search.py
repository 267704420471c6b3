"""The search for hints of secrets, against a plain search for each."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hatch_tilebox.selection.secrets import _HINTS, _RARE, _with_hints

HINTS = [hint for hint, _ in _HINTS]
PIECES = sorted({hint[start:end] for hint in HINTS for start in range(len(hint)) for end in range(start + 1, len(hint) + 1)})
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=4))).map(b"".join)


@settings(max_examples=500)
@given(texts)
@example(b"".join(HINTS))
@example(b"xoxox")
def test_the_search_finds_what_a_search_for_each_hint_finds(text):
    assert _with_hints([text]) == ({0} if any(hint in text for hint in HINTS) else set())


@given(st.lists(texts, max_size=5))
def test_texts_that_are_searched_together_are_told_apart(many):
    assert _with_hints(many) == {index for index, text in enumerate(many) if any(hint in text for hint in HINTS)}


def test_every_hint_is_found_alone_and_between_others():
    for hint in HINTS:
        assert _with_hints([hint[:-1], hint, hint[1:], _RARE + hint + _RARE]) == {1, 3}
