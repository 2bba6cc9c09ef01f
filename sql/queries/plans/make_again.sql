SELECT idh.make_again(:settings_hash, :only_labelled, :operator) AS studies
