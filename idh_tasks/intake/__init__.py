"""Intake: pick up, check, pseudonymise and name what a hospital delivers."""
