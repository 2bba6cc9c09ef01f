"""Ingest: from a delivery to stored studies; run by `ingest_studies`."""
