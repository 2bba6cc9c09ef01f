"""Tests: intake deidentification."""
