"""Code that runs in the workflow's interpreter, where this distribution is not installed.

Modules here import the standard library, each other (with relative imports) and what `tilebox-workflows` brings.
`entry/_hatch_tilebox_entry.py` loads the folder as a package under a private name, so no module of the workflow can shadow it.
"""
