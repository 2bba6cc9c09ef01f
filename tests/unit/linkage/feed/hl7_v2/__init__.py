"""HL7 version 2."""
