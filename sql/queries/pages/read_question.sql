-- Each report that is read becomes an audit event.
SELECT q.report_key, q.version, q.stated FROM phi.read_question(:review_id, :reader) AS q
