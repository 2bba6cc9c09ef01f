"""Learning: folds, networks, metrics; arrays in, scores and files out."""

import os

# Set before TensorFlow is loaded anywhere: its remarks on every start help nobody.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
