-- How many people a message to a chat reaches, and how soon they look: see domain::audience::Tier.
-- A lane walks tier by tier, so the tier is part of the key it walks. While a broadcast is open it
-- doesn't change: what it is to become waits in `wanted`.
ALTER TABLE chats ADD COLUMN tier INTEGER NOT NULL DEFAULT 4 CHECK (tier BETWEEN 0 AND 5);
ALTER TABLE chats ADD COLUMN wanted INTEGER CHECK (wanted BETWEEN 0 AND 5);
ALTER TABLE chats ADD COLUMN members INTEGER NOT NULL DEFAULT 0;
-- The day, from 1970 in UTC, on which somebody there did something last.
ALTER TABLE chats ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
UPDATE chats SET tier = 3 WHERE chat < 0;
-- Nobody is long silent on the day this is first counted.
UPDATE chats SET seen = unixepoch() / 86400 WHERE chat > 0;
CREATE INDEX chats_seen ON chats (bot, seen, chat) WHERE COALESCE(wanted, tier) = 4;
CREATE INDEX chats_restless ON chats (bot, chat) WHERE wanted IS NOT NULL;

CREATE TABLE walks (
    bot INTEGER NOT NULL,
    tier INTEGER NOT NULL,
    place TEXT NOT NULL,
    seq INTEGER NOT NULL,
    chat INTEGER NOT NULL,
    gone INTEGER,
    how TEXT CHECK (how IN ('left', 'retired', 'suspended', 'moved')),
    -- Whether it went with its chat, which was struck, and comes back with it.
    kept INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (bot, tier, place, seq),
    CHECK ((gone IS NULL) = (how IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO walks (bot, tier, place, seq, chat, gone, how, kept)
    SELECT s.bot, CASE WHEN s.chat < 0 THEN 3 ELSE 4 END, s.place, s.seq, s.chat, s.gone, s.how, s.kept
    FROM subscriptions AS s;
DROP TABLE subscriptions;
ALTER TABLE walks RENAME TO subscriptions;
CREATE INDEX subscriptions_chat ON subscriptions (bot, chat, place, seq);
CREATE INDEX subscriptions_gone ON subscriptions (bot, gone, chat, seq) WHERE gone IS NOT NULL AND kept = 0;

ALTER TABLE fanouts ADD COLUMN hold TEXT CHECK (hold IN ('paused', 'halted'));
DELETE FROM sqlite_stat1 WHERE tbl IN ('chats', 'subscriptions');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('chats', 'chats', '1000000 1000000 1'),
    ('subscriptions', 'subscriptions', '2000000 2000000 400000 20000 1'),
    ('subscriptions', 'subscriptions_chat', '2000000 2000000 2 1 1'),
    ('subscriptions', 'subscriptions_gone', '200000 200000 1 1 1');
ANALYZE sqlite_schema;
