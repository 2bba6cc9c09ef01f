"""Tests: codes."""
