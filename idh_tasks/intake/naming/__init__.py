"""Identifies the MR sequence of each series and checks its geometry."""
