SELECT state, code, deliveries AS items
FROM idh.delivery_outcome
ORDER BY state, code
