"""Attacks on an installation: every one must fail."""
