"""Tests: what make runs."""
