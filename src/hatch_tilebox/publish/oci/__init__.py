"""An OCI registry as a destination."""
