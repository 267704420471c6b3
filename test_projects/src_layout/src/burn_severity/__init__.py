"""Burn severity from the change of the normalized burn ratio."""
