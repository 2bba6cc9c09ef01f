"""Decides which DICOM instances may enter, before anything else reads them."""
