"""The formats of laboratories and registries, each read into one internal form."""
