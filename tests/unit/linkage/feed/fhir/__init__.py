"""FHIR files of every kind."""
