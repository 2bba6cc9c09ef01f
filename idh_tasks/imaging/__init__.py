"""Imaging: from stored series to patches; each step is a pure function on volumes."""
