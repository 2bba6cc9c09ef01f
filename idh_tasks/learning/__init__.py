"""Learning: folds, networks and metrics; arrays in, scores and model files out."""
