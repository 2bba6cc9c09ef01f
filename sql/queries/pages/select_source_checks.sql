SELECT source, outcome, code, sentence, seconds, address, origin, checked_at, succeeded_at FROM idh.source_check
