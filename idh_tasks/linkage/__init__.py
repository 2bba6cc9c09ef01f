"""Linkage: which pathology report belongs to which study, and what IDH status it states."""
