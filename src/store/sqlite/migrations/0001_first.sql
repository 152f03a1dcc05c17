-- Times are microseconds since 1970 in UTC. Keys are (bot, chat): a private chat has one id under
-- every bot.

-- Subscribing and leaving draw from it; a broadcast freezes it.
CREATE TABLE sequence (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL) STRICT;
INSERT INTO sequence (one, last) VALUES (1, 0);

CREATE TABLE chats (
    bot INTEGER NOT NULL,
    chat INTEGER NOT NULL,
    lang TEXT NOT NULL,
    gone INTEGER,
    how TEXT CHECK (how IN ('left', 'retired', 'suspended', 'moved')),
    missed INTEGER,
    PRIMARY KEY (bot, chat),
    CHECK ((gone IS NULL) = (how IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX chats_departed ON chats (bot, gone, chat) WHERE how IN ('left', 'moved');

-- A lane walks the primary key. The place '' stands for taking part in exercises.
CREATE TABLE subscriptions (
    bot INTEGER NOT NULL,
    place TEXT NOT NULL,
    seq INTEGER NOT NULL,
    chat INTEGER NOT NULL,
    gone INTEGER,
    how TEXT CHECK (how IN ('left', 'retired', 'suspended', 'moved')),
    -- Whether it went with its chat, which was struck, and comes back with it.
    kept INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (bot, place, seq),
    CHECK ((gone IS NULL) = (how IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX subscriptions_chat ON subscriptions (bot, chat, place, seq);
CREATE INDEX subscriptions_gone ON subscriptions (bot, gone, chat, seq) WHERE gone IS NOT NULL AND kept = 0;

CREATE TABLE moves (
    bot INTEGER NOT NULL,
    old INTEGER NOT NULL,
    new INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    renamed INTEGER NOT NULL,
    PRIMARY KEY (bot, old)
) STRICT, WITHOUT ROWID;

CREATE TABLE updates (
    bot INTEGER NOT NULL,
    id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (bot, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX updates_at ON updates (at);

CREATE TABLE alerts (
    id INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    active INTEGER NOT NULL,
    turned_at INTEGER NOT NULL,
    -- Whether the delivery log may have rows of it.
    logged INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX alerts_active ON alerts (id) WHERE active = 1;
CREATE INDEX alerts_logged ON alerts (active, turned_at) WHERE logged = 1;

CREATE TABLE turns (
    alert INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (alert, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE postures (
    place TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('clear', 'unknown')),
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE challenges (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL UNIQUE,
    issuer INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'called_off')),
    alert INTEGER,
    answered_at INTEGER,
    answered_by TEXT
) STRICT;
CREATE INDEX challenges_issuer ON challenges (issuer, n) WHERE state = 'open';
CREATE INDEX challenges_expire ON challenges (expires_at);

CREATE TABLE fanouts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    bot INTEGER NOT NULL,
    alert INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    audience TEXT NOT NULL,
    ceiling INTEGER NOT NULL,
    readers_ceiling INTEGER,
    size INTEGER,
    progress TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER
) STRICT;
CREATE INDEX fanouts_open ON fanouts (bot, id) WHERE closed_at IS NULL;
CREATE INDEX fanouts_alert ON fanouts (alert) WHERE closed_at IS NULL;

-- fanout 0 is a letter. A lane walks log_readers.
CREATE TABLE log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    alert INTEGER NOT NULL,
    bot INTEGER NOT NULL,
    chat INTEGER NOT NULL,
    fanout INTEGER NOT NULL,
    place TEXT NOT NULL,
    lang TEXT,
    settlement TEXT NOT NULL,
    told INTEGER NOT NULL,
    message INTEGER,
    at INTEGER NOT NULL,
    UNIQUE (alert, bot, chat, fanout)
) STRICT;
CREATE INDEX log_readers ON log (alert, bot, id) WHERE told = 1;

CREATE TABLE letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    bot INTEGER NOT NULL,
    chat INTEGER NOT NULL,
    lang TEXT NOT NULL,
    class TEXT NOT NULL,
    content TEXT NOT NULL,
    not_after INTEGER
) STRICT;
CREATE INDEX letters_bot ON letters (bot, id);
CREATE INDEX letters_chat ON letters (bot, chat);

CREATE TABLE watches (
    fanout INTEGER NOT NULL,
    chat INTEGER NOT NULL,
    message INTEGER NOT NULL,
    lang TEXT NOT NULL,
    PRIMARY KEY (fanout, chat, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE limits (bot INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;

-- Only ever appended to.
CREATE TABLE journal (
    n INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    who INTEGER,
    what TEXT NOT NULL,
    particulars TEXT NOT NULL,
    prev BLOB NOT NULL,
    seal BLOB NOT NULL
) STRICT;
CREATE TRIGGER journal_keeps BEFORE UPDATE ON journal BEGIN
    SELECT RAISE(ABORT, 'the journal is only appended to');
END;
CREATE TRIGGER journal_stays BEFORE DELETE ON journal BEGIN
    SELECT RAISE(ABORT, 'the journal is only appended to');
END;

-- What the planner is to think of the tables, whatever is in them when it is asked: subscriptions to
-- a place are many, those of a chat are few. Without this a new database walks quadratically.
ANALYZE;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('chats', 'chats', '1000000 1000000 1'),
    ('subscriptions', 'subscriptions', '2000000 2000000 20000 1'),
    ('subscriptions', 'subscriptions_chat', '2000000 2000000 2 1 1'),
    ('subscriptions', 'subscriptions_gone', '200000 200000 1 1 1'),
    ('log', 'sqlite_autoindex_log_1', '10000000 1000000 1000000 2 1'),
    ('log', 'log_readers', '10000000 1000000 1000000 1');
ANALYZE sqlite_schema;
