"""The steps of a build and of a verification, in order."""
