"""Which files go into a release: globs, `.gitignore` and the rules that are always on."""
