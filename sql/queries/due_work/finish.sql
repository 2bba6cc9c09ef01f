DELETE FROM idh.due_work WHERE stage = :stage AND item = :item AND noted = :noted
