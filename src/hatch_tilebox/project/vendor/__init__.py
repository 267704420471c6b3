"""Packages of this machine that go into a release as wheels: found in the lock, built, and locked again for the release."""
