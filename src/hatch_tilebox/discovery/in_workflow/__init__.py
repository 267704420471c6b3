"""What runs in the workflow's interpreter.

Modules here import the standard library and what `tilebox-workflows` brings, and nothing of this package.
"""
