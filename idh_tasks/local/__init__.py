"""The whole platform on one machine: services, secrets and the demo."""
