"""The workflow's own interpreter: prepared from its lock, started on the selected files, asked for its tasks."""
