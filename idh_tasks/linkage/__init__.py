"""Linkage: finds the pathology report that belongs to a study, and the IDH status that it states."""
