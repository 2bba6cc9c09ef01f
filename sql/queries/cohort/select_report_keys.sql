SELECT report_key FROM phi.report_source WHERE report_id = :report
UNION
SELECT report_key FROM idh.report WHERE report_key = :report
