-- A study that is not picked up leaves no name of the hospital's.
DELETE FROM phi.inbox WHERE item_id = :item_id
