"""The MLLP listener."""
