"""The runner, beside the package that the wheel holds."""

from pass_plan.tasks import PlanPass
from tilebox.workflows import Runner

runner = Runner(tasks=[PlanPass])
