//! What only a database file can do: survive, be locked, be full.

use std::time::Duration;

use nabat::{
    domain::{
        audience::Position,
        delivery::Settlement,
        ids::{ChatId, LetterId, UserId},
        report::Cost,
    },
    ports::store::{Deed, Effect, Entry, LaneSave, Progress, Save, Store, StoreError},
    store::sqlite::{Archive, Options, Sqlite},
};
use sqlx::{Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{database, world::*};

async fn beside(dir: &tempfile::TempDir) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(dir.path().join("nabat.db"));
    SqliteConnection::connect_with(&options).await.unwrap()
}

async fn again(store: Sqlite, dir: &tempfile::TempDir, how: Options) -> Sqlite {
    store.close().await;
    drop(store);
    Sqlite::open_with(&dir.path().join("nabat.db"), how).await.unwrap()
}

#[tokio::test]
async fn figures_are_there_after_reopening_and_for_whoever_reads_beside() {
    let (store, dir) = database().await;
    let path = dir.path().join("nabat.db");
    let (alert, fanout) = raise(&store, &["west"]).await;
    let id = alert.alert.id();
    log(&store, fanout, vec![row(1, Settlement::Delivered, &[id])]).await;
    let figures = store.figures(id).await.unwrap();
    assert_eq!(figures[0].measured.curve.delivered(), 1);
    let archive = Archive::open(&path).await.unwrap();
    assert_eq!(archive.figures(id).await.unwrap(), figures);
    assert_eq!(archive.next_alert().await.unwrap(), store.next_alert().await.unwrap());
    // It sees what is committed after it was opened, and holds nobody up.
    log(&store, fanout, vec![row(2, Settlement::Delivered, &[id])]).await;
    assert_eq!(archive.figures(id).await.unwrap(), store.figures(id).await.unwrap());
    archive.close().await;
    let store = again(store, &dir, Options::default()).await;
    assert_eq!(store.figures(id).await.unwrap()[0].measured.curve.delivered(), 2);
    store.close().await;
    drop(store);
    let archive = Archive::open(&path).await.unwrap();
    assert_eq!(archive.figures(id).await.unwrap()[0].measured.curve.delivered(), 2);
    archive.close().await;
}

#[tokio::test]
async fn a_database_without_figures_gets_them_by_being_served_and_not_by_being_read() {
    let (store, dir) = database().await;
    let path = dir.path().join("nabat.db");
    let (alert, fanout) = raise(&store, &["west"]).await;
    let id = alert.alert.id();
    store.close().await;
    drop(store);
    let mut before = beside(&dir).await;
    for text in [
        "DROP TABLE measured",
        "DROP INDEX fanouts_of_alert",
        "DROP INDEX log_public",
        "ALTER TABLE fanouts DROP COLUMN readers_floor",
        "DELETE FROM _sqlx_migrations WHERE version >= 3",
    ] {
        before.execute(text).await.unwrap();
    }
    before.close().await.unwrap();
    let refused = Archive::open(&path).await.unwrap_err();
    assert!(refused.to_string().contains("start `nabat serve` on it once"), "{refused}");
    let store = Sqlite::open(&path).await.unwrap();
    let figures = store.figures(id).await.unwrap();
    assert_eq!(figures[0].fanout, fanout);
    assert_eq!(figures[0].measured.curve.delivered(), 0, "nothing was measured then");
    store.close().await;
}

fn entry(what: &'static str) -> Entry {
    Entry { who: Some(UserId(1)), what, particulars: vec![("alert", "1".to_owned())] }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_reopening() {
    let (store, dir) = database().await;
    join(&store, 1, &["west"]).await;
    let (alert, fanout) = raise(&store, &["west"]).await;
    log(&store, fanout, vec![row(1, Settlement::Delivered, &[alert.alert.id()])]).await;
    let noted = Deed { journal: vec![entry("raised"), entry("ended")], ..deed(Vec::new()) };
    store.enact(&noted).await.unwrap();
    let before = store.fanout(fanout).await.unwrap();
    store.close().await;
    drop(store);
    let store = Sqlite::open(&dir.path().join("nabat.db")).await.unwrap();
    assert_eq!(store.fanout(fanout).await.unwrap(), before);
    assert_eq!(chats(&store, fanout).await, [1]);
    store.enact(&noted).await.unwrap();
    assert_eq!(store.verify_journal().await.unwrap(), Ok(4));
    let (_, over) = end(&store, &alert).await;
    store.close_readers(over).await.unwrap();
    assert_eq!(chats(&store, over).await, [1]);
}

#[tokio::test]
async fn a_second_opener_is_refused_until_the_first_is_gone() {
    let (store, dir) = database().await;
    let path = dir.path().join("nabat.db");
    assert!(matches!(Sqlite::open(&path).await, Err(StoreError::Locked)));
    let clone = store.clone();
    drop(store);
    assert!(matches!(Sqlite::open(&path).await, Err(StoreError::Locked)), "a clone holds it");
    clone.close().await;
    drop(clone);
    Sqlite::open(&path).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_database_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (store, dir) = database().await;
    join(&store, 1, &["west"]).await;
    let mut seen = 0;
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
        seen += 1;
    }
    assert_eq!(seen, 4, "database, write-ahead log, its index, lock");
}

#[tokio::test]
async fn no_walk_reads_a_whole_table_or_sorts() {
    let (store, _dir) = database().await;
    let steps = store.plans().await.unwrap();
    assert!(steps.iter().any(|step| step.contains("SEARCH")), "{steps:#?}");
    for step in &steps {
        let batch = step.starts_with("SCAN") && step.contains("VIRTUAL TABLE");
        assert!(!step.starts_with("SCAN") || batch || step.contains("CONSTANT"), "{steps:#?}");
        assert!(!step.contains("TEMP B-TREE"), "{steps:#?}");
        assert!(!step.contains("AUTOMATIC"), "{steps:#?}");
    }
    let searched = |what: &str| steps.iter().any(|step| step.contains(what));
    assert!(
        searched("SEARCH s USING PRIMARY KEY (bot=? AND tier=? AND place=? AND seq>? AND seq<?)"),
        "{steps:#?}"
    );
    assert!(
        searched("SEARCH l USING INDEX log_readers (alert=? AND bot=? AND id>? AND id<?)"),
        "{steps:#?}"
    );
    assert!(
        searched("SEARCH l USING INDEX log_public (alert=? AND bot=? AND id>? AND id<?)"),
        "{steps:#?}"
    );
    assert!(searched("(bot=? AND chat=? AND place=? AND seq<?)"), "{steps:#?}");
}

#[tokio::test]
async fn an_end_that_an_earlier_version_opened_goes_on_where_it_was() {
    let (store, dir) = database().await;
    for chat in [1, -2, 3, -4] {
        join(&store, chat, &["west"]).await;
    }
    let (alert, start) = raise(&store, &["west"]).await;
    let rows = [1, -2, 3, -4].map(|chat| row(chat, Settlement::Delivered, &[alert.alert.id()]));
    log(&store, start, rows.to_vec()).await;
    let (_, over) = end(&store, &alert).await;
    // It kept no floor, and walked readers in one, by the last of all numbers.
    beside(&dir).await.execute("UPDATE fanouts SET readers_floor = 0").await.unwrap();
    store.close_readers(over).await.unwrap();
    assert_eq!(chats(&store, over).await, [1, -2, 3, -4]);
    let cursor = Position { stratum: u32::MAX, key: 2 };
    let page = store.page(over, cursor, 10).await.unwrap();
    let left: Vec<_> = page.recipients.iter().map(|one| one.chat.0).collect();
    assert_eq!((left, page.last), (vec![3, -4], true));
}

#[tokio::test]
async fn a_full_disk_is_said_to_be_full_and_nothing_is_half_done() {
    let (store, dir) = database().await;
    join(&store, 1, &["west"]).await;
    let (alert, fanout) = raise(&store, &["west"]).await;
    let store = again(store, &dir, Options { pages_max: Some(1), ..Options::default() }).await;
    let big = "ж".repeat(2_000_000);
    let mut many = update(1, vec![Effect::Left(BOT, ChatId(1))]);
    many.letters = vec![letter(1, words(&big))];
    assert!(matches!(store.enact(&many).await, Err(StoreError::Full)));
    assert_eq!(lives(&store, 1).await.unwrap(), ["west"]);
    assert_eq!(store.last_update(BOT).await.unwrap(), None);
    let rows = (1..=20_000).map(|chat| row(chat, Settlement::Delivered, &[alert.alert.id()]));
    let saved = nabat::ports::store::LaneSave {
        progress: progress(5, 5, 5),
        ..lane(fanout, rows.collect())
    };
    let saved = Save { lanes: vec![saved], ..Save::default() };
    let fault = store.save(BOT, &saved, at(1)).await.unwrap_err();
    assert!(matches!(fault, StoreError::Full), "{fault:?}");
    let still = store.fanout(fanout).await.unwrap().unwrap();
    assert_eq!(still.progress.cursor, Position::START);
    join(&store, 2, &[]).await;
    assert_eq!(lives(&store, 2).await.unwrap().len(), 0, "what fits is written on");
    let store = again(store, &dir, Options::default()).await;
    store.enact(&many).await.unwrap();
    store.save(BOT, &saved, at(1)).await.unwrap();
    assert_eq!(store.letters(BOT, LetterId(0)).await.unwrap().len(), 1, "and it goes on after");
}

#[tokio::test]
async fn progress_of_an_earlier_version_is_read_as_having_cost_nothing() {
    let (store, dir) = database().await;
    let (_, fanout) = raise(&store, &["west"]).await;
    let cost = Cost { tenths: 5, rate: 1_000, most: 9 };
    let now = Progress { known: 2, cost, ..progress(3, 4, 1) };
    let saved = LaneSave { progress: now.clone(), ..lane(fanout, Vec::new()) };
    store.save(BOT, &Save { lanes: vec![saved], ..Save::default() }, at(1)).await.unwrap();
    assert_eq!(store.fanout(fanout).await.unwrap().unwrap().progress, now);
    let mut other = beside(&dir).await;
    let strip = "UPDATE fanouts SET progress = json_remove(progress, '$.known', '$.cost')";
    other.execute(strip).await.unwrap();
    let before = Progress { known: 0, cost: Cost::NONE, ..now };
    assert_eq!(store.fanout(fanout).await.unwrap().unwrap().progress, before);
}

#[tokio::test]
async fn a_database_held_by_another_program_is_said_to_be_locked() {
    let (store, dir) = database().await;
    let busy = Duration::from_millis(50);
    let store = again(store, &dir, Options { busy, ..Options::default() }).await;
    let mut other = beside(&dir).await;
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let met = deed(vec![Effect::Left(BOT, ChatId(1))]);
    assert!(matches!(store.enact(&met).await, Err(StoreError::Locked)));
    assert_eq!(lives(&store, 1).await, None, "reading goes on");
    other.execute("ROLLBACK").await.unwrap();
    store.enact(&met).await.unwrap();
}

#[tokio::test]
async fn a_record_that_can_not_be_read_is_said_to_be_corrupt() {
    let (store, dir) = database().await;
    let (_, fanout) = raise(&store, &["west"]).await;
    let mut other = beside(&dir).await;
    other.execute("UPDATE turns SET body = '{}'").await.unwrap();
    let fault = store.fanout(fanout).await.unwrap_err();
    assert!(matches!(fault, StoreError::Corrupt(_)), "{fault}");
    assert!(matches!(store.board().await, Err(StoreError::Corrupt(_))));
}

#[tokio::test]
async fn what_is_not_a_database_is_not_opened_as_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("nabat.db");
    std::fs::write(&path, "not a database, but long enough to look like one\n".repeat(100))
        .unwrap();
    assert!(matches!(Sqlite::open(&path).await, Err(StoreError::Corrupt(_))));
    assert!(matches!(
        Sqlite::open(&dir.path().join("no/such/directory/nabat.db")).await,
        Err(StoreError::Failed(_))
    ));
}

#[tokio::test]
async fn a_database_of_a_later_version_is_refused() {
    let (store, dir) = database().await;
    store.close().await;
    drop(store);
    let later =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (999, 'later', 1, x'00', 0)";
    beside(&dir).await.execute(later).await.unwrap();
    let fault = Sqlite::open(&dir.path().join("nabat.db")).await.unwrap_err();
    assert!(matches!(fault, StoreError::Corrupt(ref why) if why.contains("later")), "{fault}");
}

#[tokio::test]
async fn a_journal_that_was_tampered_with_is_found_out() {
    let (store, dir) = database().await;
    assert_eq!(store.verify_journal().await.unwrap(), Ok(0));
    let lines = vec![entry("raised"), entry("updated"), entry("ended")];
    store.enact(&Deed { journal: lines, ..deed(Vec::new()) }).await.unwrap();
    assert_eq!(store.verify_journal().await.unwrap(), Ok(3));
    let mut other = beside(&dir).await;
    let forge = "UPDATE journal SET what = 'refused' WHERE n = 2";
    assert!(other.execute(forge).await.is_err(), "not by a slip");
    other.execute("DROP TRIGGER journal_keeps").await.unwrap();
    other.execute(forge).await.unwrap();
    assert_eq!(store.verify_journal().await.unwrap().unwrap_err().n, 2);
}
