"""Tests: the import rules of the architecture."""
