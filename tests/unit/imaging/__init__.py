"""Tests: imaging."""
