"""Tests: pipelines, ingest."""
