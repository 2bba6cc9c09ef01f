"""The laboratory's formats."""
