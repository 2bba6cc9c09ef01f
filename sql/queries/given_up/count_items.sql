SELECT count(*) AS items FROM idh.due_work WHERE code IS NOT NULL
