"""Explain why a workflow does not start, and how to fix it."""
