"""Delivered tumour outlines: DICOM SEG, RTSTRUCT and NIfTI masks, each read on its own grid."""
