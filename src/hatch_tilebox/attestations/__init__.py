"""The statement of a release's provenance beside its archive, as a value."""
