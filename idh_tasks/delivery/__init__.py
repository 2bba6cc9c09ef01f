"""Delivery: predictions as documents that a hospital's archive understands."""
