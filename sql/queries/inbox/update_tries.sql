UPDATE phi.inbox SET nights_tried = :nights, next_try = :next_at WHERE item_id = :item_id
