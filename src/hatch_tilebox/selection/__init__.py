"""Which files go into a release: globs, `.gitignore` and the rules that are always on; and whether they should.

`select` finds the files, `explain` says why, `checks` and `expected` have doubts. Nothing is imported here.
"""
