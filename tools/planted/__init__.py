"""Errors that are planted in synthetic studies, to see how each is caught."""
