-- Groups and channels go first among the readers of an alert, and have an index to be walked by: see
-- domain::audience::Readers. Who goes first was settled when the broadcast was opened, by the last row of
-- the log then. Of one opened before this, all readers are late, and its cursor means what it meant.
ALTER TABLE fanouts ADD COLUMN readers_floor INTEGER NOT NULL DEFAULT 0;
CREATE INDEX log_public ON log (alert, bot, id) WHERE told = 1 AND chat <= 0;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('log', 'log_public', '10000 1000 1000 1');
ANALYZE sqlite_schema;
