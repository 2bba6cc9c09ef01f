"""Ingest: from deliveries to stored studies; run by `ingest_studies`."""
