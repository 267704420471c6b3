"""The `.tbrelease` file: written, read, checked and unpacked.

`source` hashes the selected files, `writer` packs them, `reader` reads and checks, `extract` unpacks. `layout` holds the format's
bytes, which writer and reader share. Nothing is imported here: the zstd binding waits until it is used.
"""
