"""The events that trigger automation tasks."""

from __future__ import annotations

import pytest

from hatch_tilebox.core.errors import RunError
from hatch_tilebox.core.model import Task
from hatch_tilebox.local_run.triggers import Trigger, with_trigger

WATCH = Task("tests.Watch", "v1.0", {"type": "null"}, trigger="storage-event")


@pytest.mark.parametrize("trigger", [Trigger(object="\udcff.tif"), Trigger(object="a.tif", location="gs://\udcff")])
def test_names_that_are_not_utf_8_are_refused(trigger):
    with pytest.raises(RunError, match=r"the storage event of tests.Watch v1.0 has a path or a location that is not UTF-8"):
        with_trigger(WATCH, b"", trigger)
