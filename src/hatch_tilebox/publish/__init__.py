"""A release goes to a destination, once, whatever happens; and comes back from it.

`service` publishes and fetches, `deployment` maps releases to clusters. `destination` says what a destination is; `store`,
`tilebox` and `oci` are the ones that come with this package, and others are plugins. Nothing is imported here: an HTTP client
costs more than a build hook may.
"""
