"""Reporting: the paper's table and figures, with ours beside them."""
