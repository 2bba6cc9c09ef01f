"""Tests: delivered outlines."""
