"""Plain typed values shared by every stage."""
