"""The `.tbrelease` file: written, read, checked and unpacked."""
