"""Publishes releases to destinations, fetches them, and deploys them to clusters.

`service` publishes, `fetch` selects and downloads, `deployment` maps releases to clusters. The built-in destinations are in
`store`, `tilebox` and `oci`; plugins add others.
"""
