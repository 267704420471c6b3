"""A worker command that does nothing."""

print("nothing to do")
