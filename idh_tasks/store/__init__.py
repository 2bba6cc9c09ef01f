"""The object store: keys, S3 and encryption."""
