"""What make runs and is no test: generators, reports and campaigns."""
