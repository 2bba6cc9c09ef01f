"""The Docker files, checked by rule: no engine is at hand, and nothing of them was ever built."""
