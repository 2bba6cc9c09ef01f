"""Imaging: from stored series to patches, each step a pure function on volumes."""
