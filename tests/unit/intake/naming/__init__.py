"""Tests: intake naming."""
