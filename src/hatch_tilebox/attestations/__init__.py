"""The provenance of a release beside its archive: the statement, and its signature.

`statement` is what the statement says, `bundle` the file of the signature. `signing` makes it and `signature` checks it; only these
two need the extra `sign`, and importing them raises ArchiveError without it.
"""
