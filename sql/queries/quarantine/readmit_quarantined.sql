SELECT phi.readmit(CAST(:subjects AS text[]), :operator) AS deliveries
