"""hatch-tilebox is added to an existing project: which files change, and how."""
