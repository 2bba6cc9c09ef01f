"""A digital reference object: synthetic patients as DICOM, with every truth known."""
