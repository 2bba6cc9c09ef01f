"""Review: questions to people and their answers; run by `review_cases`."""
