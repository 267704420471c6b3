"""The values that tables of TOML files may have, and how they are checked."""
