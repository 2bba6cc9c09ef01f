"""Preprocess: from a stored study to its patches; run by `preprocess_studies`."""
