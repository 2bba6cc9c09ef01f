"""Reads and writes DICOM the same way for every stage and every vendor."""
