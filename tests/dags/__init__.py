"""Tests: dags."""
