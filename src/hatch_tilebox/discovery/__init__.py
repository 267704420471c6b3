"""The tasks of a workflow, found by starting its runner: in its own interpreter, from its lock, on the selected files alone."""
