-- For the joins of this transaction: sorts and hashes of 100,000 rows in memory, and no compiler for one query.
SET LOCAL work_mem = '64MB';
SET LOCAL jit = off;
CREATE TEMPORARY TABLE report_now ON COMMIT DROP AS SELECT * FROM phi.current_report;
ANALYZE report_now
