"""Tests: dicom."""
