SELECT idh.stop_making_again(:settings_hash, :operator) AS studies
