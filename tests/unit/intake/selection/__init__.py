"""Selection of studies and series."""
