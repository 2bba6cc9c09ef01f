"""A digital reference object: synthetic patients as DICOM studies with known ground truth."""
