"""Tests: intake gate."""
