"""Learning: folds, networks and metrics; arrays in, scores and model files out."""

import os

# Must be set before TensorFlow is first imported; it silences the messages that TensorFlow prints on every start.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
