"""Learning: folds, networks, metrics; arrays in, scores and files out."""
