-- The joins of this transaction sort and hash 100,000 rows in memory; compiling a query that runs once does not pay.
SET LOCAL work_mem = '64MB';
SET LOCAL jit = off;
CREATE TEMPORARY TABLE report_now ON COMMIT DROP AS SELECT * FROM phi.current_report;
ANALYZE report_now
