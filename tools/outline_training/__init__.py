"""Trains the classifiers of the proposed outline on real patients and on semi-synthetic tumours."""
