-- What was measured of a broadcast: counted as its sends are logged, and kept when they are forgotten.
CREATE TABLE measured (
    fanout INTEGER PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

-- The broadcasts of an alert, for its report; fanouts_alert has only those that are open.
CREATE INDEX fanouts_of_alert ON fanouts (alert, id);
