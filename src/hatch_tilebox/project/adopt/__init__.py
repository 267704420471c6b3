"""Adding hatch-tilebox to an existing project: which files change, and how."""
