"""The laboratory's formats, each read into the one internal form."""
