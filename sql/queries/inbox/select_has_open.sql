SELECT EXISTS (
    SELECT FROM phi.inbox WHERE state IN ('found', 'failed') AND source = :source AND priority >= :least
) AS open
