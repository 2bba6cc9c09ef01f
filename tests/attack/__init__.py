"""Attacks on an installation of ours: each must fail."""
