"""Scripts for developers: generators of pages, reports, comparisons, fuzzing and mutation testing."""
