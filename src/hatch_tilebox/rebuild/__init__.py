"""A release built again from its source, and compared with the archive."""
