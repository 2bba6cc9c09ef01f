"""Delivery: predictions as documents in a format that a hospital's archive can store."""
