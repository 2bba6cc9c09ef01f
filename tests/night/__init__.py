"""A night of an installation with years of history, as its tasks run it, and what it costs in the database.

What is no work of the database is replaced: pixels, network, object store, and the writing of DICOM files.
"""
