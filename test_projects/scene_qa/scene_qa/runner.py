"""The runner object that a release names."""

from tilebox.workflows import Runner

from scene_qa.tasks import CheckCollection, CheckFootprint, CheckScene, Classify, Ping, Summarize

runner = Runner(tasks=[CheckCollection, CheckScene, CheckFootprint, Classify, Summarize, Ping])
