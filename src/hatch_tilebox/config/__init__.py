"""`tilebox.workflow.toml` and our tables in `pyproject.toml`, read into checked values."""
