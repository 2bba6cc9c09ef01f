"""Codes of SNOMED CT and LOINC that state a result, whatever the channel."""

SNOMED_RESULTS = {
    **dict.fromkeys(("10828004", "260373001", "52101004"), "positive"),
    **dict.fromkeys(("260385009", "260415000", "2667000"), "negative"),
}
"""Positive, detected, present, and their opposites, in SNOMED CT."""
LOINC_RESULTS = {
    **dict.fromkeys(("LA9633-4", "LA6576-8", "LA11882-0"), "positive"),
    **dict.fromkeys(("LA9634-2", "LA6577-6", "LA11883-8"), "negative"),
}
"""The same in the answers of LOINC."""
