"""Names each series and checks its geometry."""
