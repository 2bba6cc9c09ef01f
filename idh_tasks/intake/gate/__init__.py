"""Decides which DICOM instances are admitted, before any other code reads them."""
