"""Write, read, check and unpack `.tbrelease` files.

`source` hashes the selected files, `writer` packs them, `reader` reads and checks them, `extract` unpacks them, and `layout` has
the byte layout that writer and reader share. This module imports nothing, so that the zstd binding loads only when it is used.
"""
