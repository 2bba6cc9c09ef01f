-- The studies with an accession number or a Study Instance UID; the function records who asked.
SELECT study_id FROM phi.find_study(:wanted, :reader)
