-- Who gave a brief its budget: how much of theirs is spent or there, and how much went back to them and may be
-- taken again. In the order in which they gave.
CREATE TABLE ledger_giver (
    account      TEXT NOT NULL,
    person       TEXT NOT NULL,
    place        BIGINT NOT NULL,
    given_micros BIGINT NOT NULL CHECK (given_micros >= 0),
    again_micros BIGINT NOT NULL CHECK (again_micros >= 0),
    PRIMARY KEY (account, person)
);
INSERT INTO ledger_giver (account, person, place, given_micros, again_micros)
SELECT account, person, place, CASE WHEN given > 0 THEN given ELSE 0 END, again
FROM (SELECT gift.credit AS account, substr(gift.debit, 8) AS person, MIN(gift.number) AS place,
             CAST(SUM(gift.amount_micros) - COALESCE(
                 (SELECT SUM(back.amount_micros) FROM ledger_transfer AS back
                  WHERE back.kind = 'refund' AND back.debit = gift.credit AND back.credit = gift.debit), 0)
                  AS BIGINT) AS given,
             COALESCE((SELECT refunded_micros FROM ledger_account
                       WHERE name = gift.credit AND 'person:' || holder = gift.debit), 0) AS again
      FROM ledger_transfer AS gift WHERE gift.kind = 'fund' GROUP BY gift.credit, gift.debit) AS found;

-- Tasks that wait themselves for whom a check names.
CREATE INDEX task_kept ON task (experiment_id, needs_id) WHERE audit_id IS NOT NULL AND state = 'pending';
