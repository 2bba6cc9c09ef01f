"""Removes every identifier and replaces the necessary ones by keyed pseudonyms (PS3.15 annex E)."""
