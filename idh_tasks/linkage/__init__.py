"""Linkage: the right pathology on the right study."""
