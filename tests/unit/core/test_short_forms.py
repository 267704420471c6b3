"""Short ids are unambiguous, and times are relative."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from hatch_tilebox.core.short_forms import format_age, is_start_of, short_id, short_ids

ONE = "1f2e3d4c-aaaa-5bbb-8ccc-0123456789ab"
NOW = datetime(2026, 11, 26, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("other", "short"),
    [
        ("2f2e3d4c-aaaa-5bbb-8ccc-0123456789ab", "1f2e3d4c"),
        ("1f2e3d4c-baaa-5bbb-8ccc-0123456789ab", "1f2e3d4c-a"),
        ("1f2e3d4c-aaab-5bbb-8ccc-0123456789ab", "1f2e3d4c-aaaa"),
        (ONE, "1f2e3d4c"),
    ],
)
def test_an_id_is_as_long_as_it_must_be(other, short):
    assert short_ids([ONE, other, ONE])[ONE] == short
    assert is_start_of(short, ONE)


def test_each_of_many_ids_is_selected_by_its_short_form_alone():
    ids = [f"{number:08x}-0000-5bbb-8ccc-0123456789a{end}" for number in range(0, 3000, 7) for end in "ab"]
    short = short_ids(ids)
    assert all(not short[one].endswith("-") for one in ids)
    assert all([other for other in ids if is_start_of(short[one], other)] == [one] for one in ids)


def test_digests_of_registries_lose_the_name_of_the_algorithm():
    digest = "sha256:" + "0123456789abcdef" * 4
    assert short_id(digest) == "01234567"
    assert is_start_of("01234567", digest)
    assert is_start_of("sha256:01234567", digest)


@pytest.mark.parametrize("name", ["release-of-november-2026", "1.2.0", ""])
def test_other_names_stay_whole(name):
    assert short_id(name) == name


def test_seven_characters_do_not_select():
    assert not is_start_of("1f2e3d4", ONE)


@pytest.mark.parametrize(
    ("time", "age"),
    [
        ("2026-11-26T11:59:30Z", "just now"),
        ("2026-11-26T11:59:00.123456789Z", "1 minute ago"),
        ("2026-11-26T10:00:00+01:00", "3 hours ago"),
        ("2026-11-25T11:00:00Z", "1 day ago"),
        ("2026-11-12T11:00:00Z", "2 weeks ago"),
        ("2024-11-12T11:00:00Z", "2 years ago"),
        ("2026-11-26T13:00:00Z", "2026-11-26T13:00:00Z"),
        ("last week", "last week"),
        ("", ""),
    ],
)
def test_ages(time, age):
    assert format_age(time, NOW) == age
