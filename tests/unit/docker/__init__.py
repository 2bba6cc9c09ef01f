"""Docker files, checked by rules: no engine was available, so they were never built."""
