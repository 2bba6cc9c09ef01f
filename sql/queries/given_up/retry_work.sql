SELECT idh.retry_work(CAST(:stages AS text[]), CAST(:items AS text[]), :operator) AS items
