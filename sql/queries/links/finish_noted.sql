-- One that is being noted again at this moment stays due.
DELETE FROM idh.due_work
WHERE stage = 'link' AND item IN (
    SELECT w.item
    FROM noted_patient AS n
    JOIN idh.due_work AS w ON w.stage = 'link' AND w.item = n.patient_key AND w.noted = n.noted
    FOR UPDATE OF w SKIP LOCKED
)
