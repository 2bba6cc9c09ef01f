"""Review: questions to reviewers and their answers; run by `review_cases`."""
