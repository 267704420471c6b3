"""Quality checks for satellite scenes."""
