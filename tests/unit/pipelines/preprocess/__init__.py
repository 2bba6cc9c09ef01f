"""Tests: preprocess."""
