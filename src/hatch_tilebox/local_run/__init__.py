"""A task of a release, executed on this machine: a way to try a release before it is deployed, not a runner."""
