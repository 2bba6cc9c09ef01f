"""How deliveries reach us: DIMSE, DICOMweb and archives."""
