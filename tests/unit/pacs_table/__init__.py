"""The simulated PACS and its oracle."""
