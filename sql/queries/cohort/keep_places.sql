SELECT idh.keep_places(:settings_hash)
