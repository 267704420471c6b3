"""The workflow project as one model, and the door to it: `open.open_project`."""
