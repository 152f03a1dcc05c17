//! Every text of SQL the store speaks, in the part of the language that `PostgreSQL` shares, but for
//! batches (`json_each`), which differ there.
//!
//! Pages and counts are ranges of an index: no text of [`WALKS`] reads a whole table or sorts, which
//! a test of the suite asks the planner about.

// --- chats -----------------------------------------------------------------------------------

pub(super) const DRAW: &str = "UPDATE sequence SET last = last + 1 WHERE one = 1 RETURNING last";
pub(super) const DRAWN: &str = "SELECT last FROM sequence WHERE one = 1";

pub(super) const CHAT: &str = "SELECT lang, how, missed FROM chats WHERE bot = $1 AND chat = $2";
/// How many private chats, up to `$2`.
pub(super) const PRIVATE_CHATS: &str = "SELECT COUNT(*) FROM (
    SELECT 1 FROM chats WHERE bot = $1 AND chat > 0 AND gone IS NULL LIMIT $2) AS some";
pub(super) const CHAT_NEW: &str = "INSERT INTO chats (bot, chat, lang, tier) VALUES ($1, $2, $3, CASE WHEN $2 > 0 THEN 4 ELSE 3 END)";
/// `$3` the tier it is to have: at once, if it lives nowhere yet. `$4` members.
pub(super) const CHAT_COUNTED: &str = "
    UPDATE chats SET members = $4,
        tier = CASE WHEN EXISTS (SELECT 1 FROM subscriptions AS s
            WHERE s.bot = $1 AND s.chat = $2) THEN tier ELSE $3 END,
        wanted = CASE WHEN tier <> $3 AND EXISTS (SELECT 1 FROM subscriptions AS s
            WHERE s.bot = $1 AND s.chat = $2) THEN $3 END
    WHERE bot = $1 AND chat = $2 AND gone IS NULL";
/// `$3` today.
pub(super) const CHAT_SEEN: &str = "
    UPDATE chats SET seen = $3,
        tier = CASE WHEN EXISTS (SELECT 1 FROM subscriptions AS s
            WHERE s.bot = $1 AND s.chat = $2) THEN tier ELSE 4 END,
        wanted = CASE WHEN tier = 5 AND EXISTS (SELECT 1 FROM subscriptions AS s
            WHERE s.bot = $1 AND s.chat = $2) THEN 4 END
    WHERE bot = $1 AND chat = $2 AND $2 > 0 AND gone IS NULL AND seen < $3";
/// `$2` the first day that is not long ago, `$3` how many.
pub(super) const CHATS_FALL_SILENT: &str = "
    UPDATE chats SET
        tier = CASE WHEN EXISTS (SELECT 1 FROM subscriptions AS s
            WHERE s.bot = chats.bot AND s.chat = chats.chat) THEN tier ELSE 5 END,
        wanted = CASE WHEN tier <> 5 AND EXISTS (SELECT 1 FROM subscriptions AS s
            WHERE s.bot = chats.bot AND s.chat = chats.chat) THEN 5 END
    WHERE bot = $1 AND chat IN (
        SELECT c.chat FROM chats AS c
        WHERE c.bot = $1 AND COALESCE(c.wanted, c.tier) = 4 AND c.seen < $2
        ORDER BY c.seen, c.chat LIMIT $3)";
pub(super) const CHATS_RESTLESS: &str = "
    SELECT chat FROM chats WHERE bot = $1 AND wanted IS NOT NULL ORDER BY chat LIMIT $2";
/// Give these chats the tier they are due: `$1` bot, `$2` chats.
pub(super) const RETIER: [&str; 2] = [
    "UPDATE subscriptions SET tier = (
         SELECT c.wanted FROM chats AS c
         WHERE c.bot = subscriptions.bot AND c.chat = subscriptions.chat)
     WHERE bot = $1 AND chat IN (SELECT value FROM json_each($2))",
    "UPDATE chats SET tier = wanted, wanted = NULL
     WHERE bot = $1 AND chat IN (SELECT value FROM json_each($2))",
];
pub(super) const CHAT_BACK: &str = "
    UPDATE chats
    SET lang = CASE WHEN how IN ('retired', 'suspended') THEN lang ELSE $3 END,
        gone = NULL, how = NULL, missed = NULL
    WHERE bot = $1 AND chat = $2";
pub(super) const CHAT_SPEAKS: &str =
    "UPDATE chats SET lang = $3 WHERE bot = $1 AND chat = $2 AND gone IS NULL";
pub(super) const CHAT_GOES: &str =
    "UPDATE chats SET gone = $3, how = $4 WHERE bot = $1 AND chat = $2";
pub(super) const CHAT_MISSED: &str = "UPDATE chats SET missed = $3 WHERE bot = $1 AND chat = $2";
pub(super) const CHAT_DROP: &str = "DELETE FROM chats WHERE bot = $1 AND chat = $2";
pub(super) const CHAT_RENAME: &str = "UPDATE chats SET chat = $3 WHERE bot = $1 AND chat = $2";

pub(super) const SUBSCRIBABLE: &str = "
    SELECT 1 FROM chats AS c
    WHERE c.bot = $1 AND c.chat = $2 AND c.gone IS NULL AND NOT EXISTS (
        SELECT 1 FROM subscriptions AS s
        WHERE s.bot = $1 AND s.chat = $2 AND s.place = $3 AND s.gone IS NULL)";
pub(super) const SUBSCRIBE: &str = "
    INSERT INTO subscriptions (bot, tier, chat, place, seq)
    SELECT bot, tier, chat, $3, $4 FROM chats WHERE bot = $1 AND chat = $2";
pub(super) const SUBSCRIBED: &str = "
    SELECT 1 FROM subscriptions AS s
    JOIN chats AS c ON c.bot = s.bot AND c.chat = s.chat AND c.gone IS NULL
    WHERE s.bot = $1 AND s.chat = $2 AND s.place = $3 AND s.gone IS NULL";
pub(super) const UNSUBSCRIBE: &str = "
    UPDATE subscriptions SET gone = $4, how = 'left'
    WHERE bot = $1 AND chat = $2 AND place = $3 AND gone IS NULL";
pub(super) const ROWS_GO: &str = "
    UPDATE subscriptions SET gone = $3, how = $4, kept = $5
    WHERE bot = $1 AND chat = $2 AND gone IS NULL";
/// Those that went with their chat, in the order they came.
pub(super) const ROWS_BACK: &str =
    "SELECT place FROM subscriptions WHERE bot = $1 AND chat = $2 AND kept = 1 ORDER BY seq";
pub(super) const ROWS_LOSE: &str =
    "UPDATE subscriptions SET kept = 0 WHERE bot = $1 AND chat = $2 AND kept = 1";
pub(super) const ROWS_RENAME: &str =
    "UPDATE subscriptions SET chat = $3 WHERE bot = $1 AND chat = $2";
pub(super) const ROWS_ANY: &str =
    "SELECT 1 FROM subscriptions WHERE bot = $1 AND chat = $2 LIMIT 1";
pub(super) const PLACES: &str = "
    SELECT place FROM subscriptions WHERE bot = $1 AND chat = $2 AND gone IS NULL ORDER BY seq";

pub(super) const MOVE: &str = "SELECT new, seq, renamed FROM moves WHERE bot = $1 AND old = $2";
pub(super) const MOVES_FOLLOW: &str = "UPDATE moves SET new = $3 WHERE bot = $1 AND new = $2";
pub(super) const MOVE_KEEP: &str = "
    INSERT INTO moves (bot, old, new, seq, renamed) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (bot, old) DO UPDATE
    SET new = excluded.new, seq = excluded.seq, renamed = excluded.renamed";
pub(super) const LETTERS_MOVE: &str = "UPDATE letters SET chat = $3 WHERE bot = $1 AND chat = $2";
pub(super) const LOG_ANY: &str = "
    SELECT 1 FROM log
    WHERE alert IN (SELECT id FROM alerts WHERE logged = 1) AND bot = $1 AND chat = $2 LIMIT 1";
/// The numbers of a group's messages mean nothing in the supergroup that it became.
pub(super) const LOG_RENAME: &str = "
    UPDATE log SET chat = $3, message = NULL
    WHERE alert IN (SELECT id FROM alerts WHERE logged = 1) AND bot = $1 AND chat = $2";

// --- deeds -----------------------------------------------------------------------------------

pub(super) const UPDATE_NEW: &str = "
    INSERT INTO updates (bot, id, at) VALUES ($1, $2, $3) ON CONFLICT (bot, id) DO NOTHING";
pub(super) const UPDATE_LAST: &str = "SELECT MAX(id) FROM updates WHERE bot = $1";

pub(super) const ALERT_NEXT: &str = "SELECT COALESCE(MAX(id), 0) + 1 FROM alerts";
pub(super) const ALERT_RAISE: &str =
    "INSERT INTO alerts (id, revision, active, turned_at) VALUES ($1, $2, 1, $3)";
pub(super) const ALERT_TURN: &str = "
    UPDATE alerts SET revision = $2, active = $3, turned_at = $4
    WHERE id = $1 AND active = 1 AND revision = $2 - 1";
/// Of an alert that expired.
pub(super) const ALERT_CONFIRM: &str = "
    UPDATE alerts SET revision = $2, turned_at = $3
    WHERE id = $1 AND active = 0 AND revision = $2 - 1";
pub(super) const TURN_NEW: &str = "INSERT INTO turns (alert, revision, body) VALUES ($1, $2, $3)";
pub(super) const TURN_LAST: &str = "
    SELECT t.body FROM alerts AS a
    JOIN turns AS t ON t.alert = a.id AND t.revision = a.revision WHERE a.id = $1";
pub(super) const ACTIVE: &str = "
    SELECT t.body FROM alerts AS a
    JOIN turns AS t ON t.alert = a.id AND t.revision = a.revision WHERE a.active = 1";
pub(super) const POSTURES: &str = "SELECT place, state, at FROM postures";
pub(super) const POSTURE: &str = "
    INSERT INTO postures (place, state, at) VALUES ($1, $2, $3)
    ON CONFLICT (place) DO UPDATE SET state = excluded.state, at = excluded.at";

pub(super) const CHALLENGE_NEW: &str = "
    INSERT INTO challenges (code, issuer, expires_at, body, state) VALUES ($1, $2, $3, $4, 'open')
    ON CONFLICT (code) DO NOTHING";
pub(super) const CHALLENGE_OFF: &str =
    "UPDATE challenges SET state = 'called_off' WHERE code = $1 AND state = 'open'";
pub(super) const CHALLENGE_ANSWER: &str = "
    UPDATE challenges SET state = 'answered', alert = $2, answered_at = $3, answered_by = $4
    WHERE code = $1 AND state = 'open'";
pub(super) const CHALLENGE: &str =
    "SELECT body, state, alert, answered_at, answered_by FROM challenges WHERE code = $1";
pub(super) const CHALLENGES_OF: &str =
    "SELECT body FROM challenges WHERE issuer = $1 AND state = 'open' ORDER BY n DESC";

pub(super) const FANOUT_NEW: &str = "
    INSERT INTO fanouts (bot, alert, revision, audience, ceiling, readers_floor, progress, opened_at)
    SELECT $1, $2, $3, $4, last, (SELECT COALESCE(MAX(id), 0) FROM log), $5, $6
    FROM sequence WHERE one = 1 RETURNING id";
/// The audiences of an alert's open broadcasts.
pub(super) const AUDIENCES_OPEN: &str = "
    SELECT audience FROM fanouts WHERE bot = $1 AND alert = $2 AND closed_at IS NULL";
pub(super) const FANOUT: &str = "
    SELECT f.id, f.bot, t.body, f.audience, f.ceiling, f.readers_floor, f.readers_ceiling,
        f.size, f.hold, f.progress, f.opened_at, f.closed_at
    FROM fanouts AS f JOIN turns AS t ON t.alert = f.alert AND t.revision = f.revision
    WHERE f.id = $1";
pub(super) const FANOUTS_OPEN: &str = "
    SELECT f.id, f.bot, t.body, f.audience, f.ceiling, f.readers_floor, f.readers_ceiling,
        f.size, f.hold, f.progress, f.opened_at, f.closed_at
    FROM fanouts AS f JOIN turns AS t ON t.alert = f.alert AND t.revision = f.revision
    WHERE f.bot = $1 AND f.closed_at IS NULL ORDER BY f.id";

/// The broadcasts of the same transition as `$1`. They were opened in one transaction; a thousand bots
/// are more than anybody runs.
pub(super) const FANOUTS_BESIDE: &str = "
    SELECT f.id, f.bot, t.body, f.audience, f.ceiling, f.readers_floor, f.readers_ceiling,
        f.size, f.hold, f.progress, f.opened_at, f.closed_at
    FROM fanouts AS o
    CROSS JOIN fanouts AS f
    JOIN turns AS t ON t.alert = f.alert AND t.revision = f.revision
    WHERE o.id = $1 AND f.id BETWEEN o.id - 1000 AND o.id + 1000 AND f.id <> o.id
        AND f.alert = o.alert AND f.revision = o.revision
    ORDER BY f.id";

pub(super) const FANOUTS_HOLD: &str = "UPDATE fanouts SET hold = $2
    WHERE alert = $1 AND id <= $3 AND closed_at IS NULL AND hold IS NOT 'halted'";

pub(super) const LETTER_NEW: &str = "
    INSERT INTO letters (bot, chat, lang, class, content, not_after)
    VALUES ($1, $2, $3, $4, $5, $6)";
pub(super) const LETTERS: &str = "
    SELECT id, chat, lang, class, content, not_after FROM letters
    WHERE bot = $1 AND id > $2 ORDER BY id LIMIT $3";

pub(super) const JOURNAL_LAST: &str = "SELECT n, seal FROM journal ORDER BY n DESC LIMIT 1";
pub(super) const JOURNAL_NEW: &str = "
    INSERT INTO journal (n, at, who, what, particulars, prev, seal)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
pub(super) const JOURNAL: &str = "
    SELECT n, at, who, what, particulars, prev, seal FROM journal WHERE n > $1 ORDER BY n LIMIT $2";

// --- walks -----------------------------------------------------------------------------------

/// `$1` bot, `$2` place, `$3` after, `$4` ceiling, `$5` limit, `$6` earlier places, `$7` exercises
/// only, `$8` tier. `CROSS JOIN` keeps the walk outermost.
pub(super) const PLACE_PAGE: &str = "
    SELECT s.seq, s.chat, c.lang, s.how, x.how
    FROM subscriptions AS s
    CROSS JOIN chats AS c
    LEFT JOIN subscriptions AS x ON $7 AND x.bot = s.bot AND x.chat = s.chat AND x.place = ''
        AND x.seq <= $4 AND (x.gone IS NULL OR x.gone > $4)
    WHERE s.bot = $1 AND s.tier = $8 AND s.place = $2 AND s.seq > $3 AND s.seq <= $4
        AND (s.gone IS NULL OR s.gone > $4)
        AND c.bot = s.bot AND c.chat = s.chat
        AND (NOT $7 OR x.seq IS NOT NULL)
        AND NOT EXISTS (
            SELECT 1 FROM subscriptions AS e
            WHERE e.bot = s.bot AND e.chat = s.chat
                AND e.place IN (SELECT value FROM json_each($6))
                AND e.seq <= $4 AND (e.gone IS NULL OR e.gone > $4))
    ORDER BY s.seq LIMIT $5";

/// `$1` bot, `$2` place, `$3` after, `$4` ceiling, `$5` earlier places, `$6` exercises only, `$7` tier.
pub(super) const PLACE_COUNT: &str = "
    SELECT COUNT(*)
    FROM subscriptions AS s
    WHERE s.bot = $1 AND s.tier = $7 AND s.place = $2 AND s.seq > $3 AND s.seq <= $4
        AND (s.gone IS NULL OR s.gone > $4)
        AND (NOT $6 OR EXISTS (
            SELECT 1 FROM subscriptions AS x
            WHERE x.bot = s.bot AND x.chat = s.chat AND x.place = ''
                AND x.seq <= $4 AND (x.gone IS NULL OR x.gone > $4)))
        AND NOT EXISTS (
            SELECT 1 FROM subscriptions AS e
            WHERE e.bot = s.bot AND e.chat = s.chat
                AND e.place IN (SELECT value FROM json_each($5))
                AND e.seq <= $4 AND (e.gone IS NULL OR e.gone > $4))";

/// A walk of readers: what is asked of each, which chats, and what comes after. `$1` alert, `$2` bot,
/// `$3` after, `$4` up to, `$5` broadcast, `$6` places, `$7` ceiling, `$8` exercises only.
macro_rules! readers {
    ($asked:literal, $whom:literal, $rest:literal) => {
        concat!(
            $asked,
            "
    WHERE l.alert = $1 AND l.bot = $2 AND l.told = 1 AND l.id > $3 AND l.id <= $4",
            $whom,
            "
        AND l.fanout <> $5
        AND NOT EXISTS (
            SELECT 1 FROM log AS e
            WHERE e.alert = l.alert AND e.bot = l.bot AND e.chat = l.chat
                AND e.told = 1 AND e.fanout <> $5 AND e.id < l.id)
        AND NOT (EXISTS (
            SELECT 1 FROM subscriptions AS s
            WHERE s.bot = l.bot AND s.chat = l.chat
                AND s.place IN (SELECT value FROM json_each($6))
                AND s.seq <= $7 AND (s.gone IS NULL OR s.gone > $7))
            AND (NOT $8 OR EXISTS (
                SELECT 1 FROM subscriptions AS x
                WHERE x.bot = l.bot AND x.chat = l.chat AND x.place = ''
                    AND x.seq <= $7 AND (x.gone IS NULL OR x.gone > $7))))",
            $rest
        )
    };
}
macro_rules! reader_page {
    ($whom:literal) => {
        readers!(
            "
    SELECT l.id, l.chat, l.place, COALESCE(c.lang, l.lang), c.how, c.tier
    FROM log AS l
    LEFT JOIN chats AS c ON c.bot = l.bot AND c.chat = l.chat",
            $whom,
            "
    ORDER BY l.id LIMIT $9"
        )
    };
}
macro_rules! reader_count {
    ($whom:literal) => {
        readers!(
            "
    SELECT COUNT(*)
    FROM log AS l",
            $whom,
            ""
        )
    };
}
/// A page of each part of the readers, as [`Readers::ALL`] has them; `$9` limit. Those of groups and
/// channels have an index of their own.
///
/// [`Readers::ALL`]: crate::domain::audience::Readers::ALL
pub(super) const READER_PAGES: [&str; 3] =
    [reader_page!(" AND l.chat <= 0"), reader_page!(" AND l.chat > 0"), reader_page!("")];
/// How many each part has.
pub(super) const READER_COUNTS: [&str; 3] =
    [reader_count!(" AND l.chat <= 0"), reader_count!(" AND l.chat > 0"), reader_count!("")];

/// `$1` bot, `$2` place, `$3` earlier places, `$4` exercises only, `$5` tier. Members are looked up for
/// channels and groups only, which are few.
pub(super) const REACH: &str = "
    SELECT COUNT(*), COALESCE(SUM(CASE WHEN $5 >= 4 THEN 1 ELSE (
        SELECT c.members FROM chats AS c WHERE c.bot = s.bot AND c.chat = s.chat) END), 0)
    FROM subscriptions AS s
    WHERE s.bot = $1 AND s.tier = $5 AND s.place = $2 AND s.gone IS NULL
        AND (NOT $4 OR EXISTS (
            SELECT 1 FROM subscriptions AS x
            WHERE x.bot = s.bot AND x.chat = s.chat AND x.place = '' AND x.gone IS NULL))
        AND NOT EXISTS (
            SELECT 1 FROM subscriptions AS e
            WHERE e.bot = s.bot AND e.chat = s.chat
                AND e.place IN (SELECT value FROM json_each($3)) AND e.gone IS NULL)";

/// Whether a chat is in an audience by itself: `$1` bot, `$2` chat, `$3` places, `$4` ceiling,
/// `$5` exercises only, `$6` with readers, `$7` alert, `$8` broadcast, `$9` readers' ceiling.
pub(super) const BELONGS: &str = "
    SELECT ($6 AND EXISTS (
            SELECT 1 FROM log AS l
            WHERE l.alert = $7 AND l.bot = $1 AND l.chat = $2
                AND l.told = 1 AND l.fanout <> $8 AND l.id <= $9))
        OR (EXISTS (
            SELECT 1 FROM subscriptions AS s
            WHERE s.bot = $1 AND s.chat = $2 AND s.place IN (SELECT value FROM json_each($3))
                AND s.seq <= $4 AND (s.gone IS NULL OR s.gone > $4))
        AND (NOT $5 OR EXISTS (
            SELECT 1 FROM subscriptions AS x
            WHERE x.bot = $1 AND x.chat = $2 AND x.place = ''
                AND x.seq <= $4 AND (x.gone IS NULL OR x.gone > $4))))";
pub(super) const STANDS_AT: &str = "
    SELECT place FROM subscriptions
    WHERE bot = $1 AND chat = $2 AND seq <= $3 AND gone IS NULL";
pub(super) const HEIR: &str = "
    SELECT m.new, c.lang, c.how, c.tier FROM moves AS m
    JOIN chats AS c ON c.bot = m.bot AND c.chat = m.new WHERE m.bot = $1 AND m.old = $2";

/// What these chats heard of an alert by other messages than this broadcast's, row by row: whether that
/// it is active, whether for certain, and by which message, if a broadcast told it. `$1` alert, `$2` bot, `$3` chats, `$4` broadcast.
pub(super) const EARLIER: &str = "
    SELECT l.chat, l.id, l.told, l.settlement = 'delivered',
        CASE WHEN l.fanout <> 0 AND l.told = 1 THEN l.message END
    FROM json_each($3) AS j
    CROSS JOIN log AS l
    WHERE l.alert = $1 AND l.bot = $2 AND l.chat = j.value AND l.fanout <> $4
        AND (l.told = 1 OR l.fanout <> 0)";
/// `$1` alerts, `$2` bot, `$3` pairs of chat and place, `$4` not before.
pub(super) const TOLD: &str = "
    SELECT c.chat, EXISTS (
        SELECT 1 FROM json_each($1) AS a
        CROSS JOIN log AS l
        WHERE l.alert = a.value AND l.bot = $2 AND l.chat = c.chat
            AND l.place = json_extract(j.value, '$[1]')
            AND l.told = 1 AND l.settlement = 'delivered' AND l.at >= $4)
    FROM json_each($3) AS j
    CROSS JOIN chats AS c
    WHERE c.bot = $2 AND c.chat = json_extract(j.value, '$[0]') AND c.gone IS NULL
        AND EXISTS (
            SELECT 1 FROM subscriptions AS s
            WHERE s.bot = $2 AND s.chat = c.chat AND s.place = json_extract(j.value, '$[1]')
                AND s.gone IS NULL)
        AND NOT EXISTS (
            SELECT 1 FROM subscriptions AS s
            WHERE s.bot = $2 AND s.chat = c.chat AND s.gone IS NULL
                AND s.place NOT IN ('', json_extract(j.value, '$[1]')))";

/// The texts behind `page`, `count` and `reach`.
pub(super) const WALKS: [&[&str]; 3] =
    [&[PLACE_PAGE, PLACE_COUNT, REACH, EARLIER, TOLD], &READER_PAGES, &READER_COUNTS];

// --- progress --------------------------------------------------------------------------------

pub(super) const SIZED: &str = "UPDATE fanouts SET size = $2 WHERE id = $1";
pub(super) const CLOSE_READERS: &str = "
    UPDATE fanouts SET readers_ceiling = (SELECT COALESCE(MAX(id), 0) FROM log)
    WHERE id = $1 AND readers_ceiling IS NULL";
pub(super) const LANE: &str = "SELECT bot, alert, progress, opened_at FROM fanouts WHERE id = $1";
pub(super) const LANE_SAVE: &str = "
    UPDATE fanouts SET progress = $2, closed_at = COALESCE(closed_at, $3) WHERE id = $1";
/// The last migration that was made.
pub(super) const VERSION: &str = "SELECT MAX(version) FROM _sqlx_migrations WHERE success";
pub(super) const MEASURED: &str = "SELECT body FROM measured WHERE fanout = $1";
pub(super) const MEASURED_SAVE: &str = "
    INSERT INTO measured (fanout, body) VALUES ($1, $2)
    ON CONFLICT (fanout) DO UPDATE SET body = excluded.body";
pub(super) const FIGURES: &str = "
    SELECT f.id, f.bot, t.body, f.size, f.progress, f.hold, f.opened_at, f.closed_at,
        m.body
    FROM fanouts AS f
    JOIN turns AS t ON t.alert = f.alert AND t.revision = f.revision
    LEFT JOIN measured AS m ON m.fanout = f.id
    WHERE f.alert = $1 ORDER BY f.id";
/// Under which ids these chats are known, and whether this broadcast has logged them.
pub(super) const LOG_LOOK: &str = "
    WITH named AS (
        SELECT j.key AS n,
            CASE WHEN EXISTS (SELECT 1 FROM chats WHERE bot = $2 AND chat = j.value) THEN j.value
            ELSE COALESCE((SELECT new FROM moves WHERE bot = $2 AND old = j.value), j.value)
            END AS chat
        FROM json_each($1) AS j)
    SELECT named.chat,
        EXISTS (SELECT 1 FROM chats AS c WHERE c.bot = $2 AND c.chat = named.chat),
        EXISTS (SELECT 1 FROM log AS l WHERE l.alert = $3 AND l.bot = $2
            AND l.chat = named.chat AND l.fanout = $4)
    FROM named ORDER BY named.n";
/// Which of these pairs of alert and chat are readers.
pub(super) const LOG_TOLD: &str = "
    WITH pair AS (
        SELECT json_extract(value, '$[0]') AS alert, json_extract(value, '$[1]') AS chat
        FROM json_each($1))
    SELECT pair.alert, pair.chat FROM pair
    WHERE EXISTS (SELECT 1 FROM log AS l WHERE l.alert = pair.alert AND l.bot = $2
        AND l.chat = pair.chat AND l.told = 1)";
pub(super) const LOG_NEW: &str = "
    INSERT INTO log (alert, bot, chat, fanout, place, lang, settlement, told, message, at)
    SELECT json_extract(value, '$[0]'), $2, json_extract(value, '$[1]'), $3,
        json_extract(value, '$[2]'), json_extract(value, '$[3]'), json_extract(value, '$[4]'),
        json_extract(value, '$[5]'), json_extract(value, '$[6]'), json_extract(value, '$[7]')
    FROM json_each($1) ORDER BY key";
/// A row that comes after the log of its alert was forgotten is to be forgotten too: `$1` alerts.
pub(super) const LOGGED_AGAIN: &str = "
    UPDATE alerts SET logged = 1
    WHERE logged = 0 AND id IN (SELECT json_extract(value, '$[0]') FROM json_each($1))";
pub(super) const LETTER_DONE: &str =
    "DELETE FROM letters WHERE bot = $1 AND id = $2 RETURNING lang";
pub(super) const WATCH_OUT: &str = "
    INSERT INTO watches (fanout, chat, message, lang) VALUES ($1, $2, $3, $4)
    ON CONFLICT (fanout, chat, message) DO UPDATE SET lang = excluded.lang";
pub(super) const WATCH_DONE: &str =
    "DELETE FROM watches WHERE fanout = $1 AND chat = $2 AND message = $3";
pub(super) const WATCHES: &str = "
    SELECT w.fanout, w.chat, w.message, w.lang FROM watches AS w
    JOIN fanouts AS f ON f.id = w.fanout WHERE f.bot = $1
    ORDER BY w.fanout, w.chat, w.message";
pub(super) const OUTCOMES: &str = "
    SELECT chat, fanout, settlement FROM log WHERE bot = $1 AND alert = $2 ORDER BY id";
pub(super) const LIMITS: &str = "SELECT body FROM limits WHERE bot = $1";
pub(super) const LIMITS_SAVE: &str = "
    INSERT INTO limits (bot, body) VALUES ($1, $2)
    ON CONFLICT (bot) DO UPDATE SET body = excluded.body";

// --- tidying ---------------------------------------------------------------------------------

/// One look-up a bot, however many chats it has.
pub(super) const BOTS: &str = "
    WITH RECURSIVE b (bot) AS (
        SELECT MIN(bot) FROM chats
        UNION ALL
        SELECT (SELECT MIN(c.bot) FROM chats AS c WHERE c.bot > b.bot) FROM b
        WHERE b.bot IS NOT NULL)
    SELECT bot FROM b WHERE bot IS NOT NULL";
pub(super) const OPEN: &str =
    "SELECT ceiling, audience FROM fanouts WHERE bot = $1 AND closed_at IS NULL";
pub(super) const TIDY_ROWS: &str = "
    DELETE FROM subscriptions WHERE (bot, tier, place, seq) IN (
        SELECT bot, tier, place, seq FROM subscriptions
        WHERE bot = $1 AND gone IS NOT NULL AND kept = 0 AND gone <= $2
        ORDER BY gone, chat, seq LIMIT $3)";
pub(super) const DEPARTED: &str = "
    SELECT chat FROM chats
    WHERE bot = $1 AND how IN ('left', 'moved') AND gone <= $2 ORDER BY gone, chat LIMIT $3";
/// Everything about these chats: `$1` bot, `$2` chats.
pub(super) const FORGET: [&str; 3] = [
    "DELETE FROM subscriptions
     WHERE bot = $1 AND chat IN (SELECT value FROM json_each($2))",
    "DELETE FROM log
     WHERE alert IN (SELECT id FROM alerts WHERE logged = 1) AND bot = $1
         AND chat IN (SELECT value FROM json_each($2))",
    "DELETE FROM chats WHERE bot = $1 AND chat IN (SELECT value FROM json_each($2))",
];
pub(super) const TIDY_MOVES: &str = "
    DELETE FROM moves WHERE (bot, old) IN (
        SELECT m.bot, m.old FROM moves AS m
        WHERE m.bot = $1 AND m.seq <= $2 AND NOT EXISTS (
            SELECT 1 FROM chats AS c WHERE c.bot = m.bot AND c.chat = m.old)
        ORDER BY m.old LIMIT $3)";
pub(super) const ALERT_OVER: &str = "
    SELECT a.id FROM alerts AS a
    WHERE a.logged = 1 AND a.active = 0 AND a.turned_at < $1 AND NOT EXISTS (
        SELECT 1 FROM fanouts AS f WHERE f.alert = a.id AND f.closed_at IS NULL)
    LIMIT 1";
pub(super) const TIDY_LOG: &str =
    "DELETE FROM log WHERE id IN (SELECT id FROM log WHERE alert = $1 LIMIT $2)";
pub(super) const ALERT_FORGOTTEN: &str = "UPDATE alerts SET logged = 0 WHERE id = $1";
pub(super) const TIDY_UPDATES: &str = "
    DELETE FROM updates WHERE (bot, id) IN (
        SELECT u.bot, u.id FROM updates AS u
        WHERE u.at < $1 AND u.id < (SELECT MAX(v.id) FROM updates AS v WHERE v.bot = u.bot)
        LIMIT $2)";
pub(super) const TIDY_CHALLENGES: &str = "
    DELETE FROM challenges WHERE n IN (SELECT n FROM challenges WHERE expires_at < $1 LIMIT $2)";
