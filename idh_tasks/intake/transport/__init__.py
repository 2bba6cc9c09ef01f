"""How studies reach us: DIMSE, DICOMweb and archives."""
