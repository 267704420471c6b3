"""An HTTP client with timeouts, retries, bounded memory, and secrets that never appear in messages."""
