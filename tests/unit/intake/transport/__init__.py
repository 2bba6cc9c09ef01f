"""Tests: intake transport."""
