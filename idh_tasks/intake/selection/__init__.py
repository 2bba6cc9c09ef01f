"""Which studies and series of an archive belong to the platform, by what the archive lists."""
