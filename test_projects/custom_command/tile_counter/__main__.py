"""A worker with a start-up of its own: the runner is made here, not looked up by name."""

from tilebox.workflows import Runner
from tilebox.workflows.runner.worker_server import serve_runner

from tile_counter.tasks import CountTiles

serve_runner(Runner(tasks=[CountTiles]))
