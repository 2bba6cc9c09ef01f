"""Train: from a frozen dataset to promoted models; run by `retrain_models`."""
