"""Tasks of a release, executed on this machine to try the release before it is deployed. This is not a runner."""
