"""Inputs of tasks: their description for people, and their encoding for a worker."""
