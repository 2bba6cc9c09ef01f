"""Tests: linkage."""
