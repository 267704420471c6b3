"""Which files a release contains, and checks of these files. No code of the project is imported here.

`select` applies globs, `.gitignore` files and built-in rules; `explain` returns the rule that decides about one file.
"""
