DELETE FROM idh.person
