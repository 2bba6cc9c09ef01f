INSERT INTO idh.listing_slice (source, since, until, listed, known, held, open, excluded, missing)
VALUES (:source, :since, :until, :listed, :known, :held, :open, :excluded, :missing)
