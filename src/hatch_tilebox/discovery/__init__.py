"""Find the tasks of a workflow: start its runner in its own interpreter, with its locked dependencies and the selected files."""
