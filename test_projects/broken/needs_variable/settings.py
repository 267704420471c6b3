"""Settings of a deployment."""

import os


def load() -> str:
    return os.environ["ACME_TOKEN"]
