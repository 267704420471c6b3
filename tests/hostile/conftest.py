"""What tests of hostile input share with others."""

from __future__ import annotations

from tilebox_service import sdk_python, stand_in, tilebox_api

__all__ = ["sdk_python", "stand_in", "tilebox_api"]
