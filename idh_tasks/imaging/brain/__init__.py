"""Finds the brain in a T1-weighted image of a head."""
