"""Tests: the grammar of laboratory texts."""
