DELETE FROM idh.report_standing WHERE report_key = ANY(CAST(:report_keys AS text[]))
