"""Two releases, two archives or two schemas, compared."""
