"""Tests: phantom."""
