"""FHIR R4B: bundles, single reports and bulk exports, read into reports and merges."""
