"""The registry of codes: what each code of an error or warning means, and how to fix it.

The Markdown files of this package are the registry. `registry` reads them for `hatch-tilebox explain` and for the documentation. A
code is written beside its message, `Problem(…, code="TBX012")`, or is the `code` of an error class. A code is never used again for
something else: `tests/unit/codes/codes.txt` lists all that were ever released.
"""
