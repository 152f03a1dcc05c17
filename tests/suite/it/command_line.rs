//! `nabat serve` that can't begin says why in one sentence.

use std::{fs, net::TcpListener, path::Path, time::Duration};

use assert_cmd::Command;
use nabat::config::SAMPLE;

fn write_config(dir: &Path, api_url: &str) {
    for (path, text) in SAMPLE {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = text
            .replace("api_url = \"https://api.telegram.org\"", &format!("api_url = \"{api_url}\""));
        fs::write(path, text).unwrap();
    }
}

/// What `nabat serve` printed as it gave up.
fn refused(dir: &Path, token: Option<&str>) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nabat"));
    command.args(["serve", "--config"]).arg(dir).current_dir(dir);
    command.env_remove("NABAT_TOKEN").env("NABAT_LOG", "off").timeout(Duration::from_mins(1));
    if let Some(token) = token {
        command.env("NABAT_TOKEN", token);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!told.contains("panicked"), "{told}");
    told
}

/// The last line, which is the only one that `serve` itself writes.
fn sentence(told: &str) -> &str {
    let lines: Vec<&str> = told.lines().filter(|line| line.starts_with("nabat: ")).collect();
    assert_eq!(lines.len(), 1, "one sentence:\n{told}");
    lines[0]
}

const TOKEN: &str = "700000001:AAStoriesStoriesStoriesStoriesStory";

#[test]
fn without_a_token_it_names_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    write_config(dir.path(), "http://127.0.0.1:9");
    let told = refused(dir.path(), None);
    assert!(sentence(&told).contains("NABAT_TOKEN"), "{told}");
}

#[test]
fn with_an_unreachable_api_it_names_the_address() {
    let dir = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    write_config(dir.path(), &format!("http://{free}"));
    let told = refused(dir.path(), Some(TOKEN));
    assert!(sentence(&told).contains(&free.to_string()), "{told}");
    assert!(!told.contains("AAStories"), "the token was printed: {told}");
}

#[test]
fn with_a_bad_configuration_it_names_the_file_and_starts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    write_config(dir.path(), "http://127.0.0.1:9");
    fs::write(dir.path().join("operators.toml"), "version = 1\n[[operators]]\nname = 5\n").unwrap();
    let told = refused(dir.path(), Some(TOKEN));
    assert!(sentence(&told).contains("nothing was started"), "{told}");
    assert!(told.contains("operators.toml"), "{told}");
    assert!(!dir.path().join("nabat.db").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_serve_on_one_database_refuses() {
    let dir = tempfile::tempdir().unwrap();
    write_config(dir.path(), "http://127.0.0.1:9");
    let first = nabat::store::sqlite::Sqlite::open(&dir.path().join("nabat.db")).await.unwrap();
    let told = refused(dir.path(), Some(TOKEN));
    assert!(sentence(&told).contains("no other nabat serves from it"), "{told}");
    first.close().await;
}
