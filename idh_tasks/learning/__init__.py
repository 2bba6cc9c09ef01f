"""Learning: folds, networks and metrics; arrays in, scores and model files out."""

import os

# Must be set before TensorFlow is first imported. It writes ERROR lines on every start without a GPU; what really fails
# is raised.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
