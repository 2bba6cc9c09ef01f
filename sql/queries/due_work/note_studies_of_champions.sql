SELECT idh.note_studies_of_champions() AS studies
