"""The object store: keys and S3."""
