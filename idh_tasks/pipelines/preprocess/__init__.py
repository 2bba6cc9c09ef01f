"""Preprocess: from a stored study to patches; run by `preprocess_studies`."""
