"""What every stage must read alike in DICOM, whoever wrote it."""
