-- The joins of this transaction sort and hash 100,000 rows in memory; compiling a query that runs once does not pay.
SET LOCAL work_mem = '64MB';
SET LOCAL jit = off;
CREATE TEMPORARY TABLE report_now ON COMMIT DROP AS
SELECT c.*
FROM (SELECT DISTINCT r.report_key FROM touched AS t JOIN idh.report AS r ON r.patient_key = t.patient_key) AS k
-- Without OFFSET, the current versions of all reports would be derived.
CROSS JOIN LATERAL (SELECT * FROM phi.current_report AS l WHERE l.report_key = k.report_key OFFSET 0) AS c
JOIN touched AS t ON t.patient_key = c.patient_key;
ANALYZE report_now
