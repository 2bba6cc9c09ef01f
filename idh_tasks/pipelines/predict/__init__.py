"""Predict: from patches to predictions and documents; run by `predict_studies`."""
