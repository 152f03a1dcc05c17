//! Configurations as somebody would write them: a fixture is `good/` with some files replaced.

use std::{collections::BTreeSet, fs};

use tempfile::TempDir;

use super::*;
use crate::domain::{ids::RegionId, lang::Lang};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn fixtures() -> PathBuf {
    root().join("tests/fixtures/config")
}

/// Every file below `dir`, by its path there.
fn files(dir: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut left = vec![dir.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                found.insert(path.strip_prefix(dir).unwrap().to_owned());
            }
        }
    }
    found
}

/// The good configuration with the files of `over` laid over it.
fn laid(over: Option<&Path>) -> TempDir {
    let dir = TempDir::new().unwrap();
    for from in [Some(fixtures().join("good")), over.map(Path::to_owned)].into_iter().flatten() {
        for file in files(&from) {
            let to = dir.path().join(&file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from.join(&file), to).unwrap();
        }
    }
    dir
}

fn told(dir: &Path, faults: &[Fault]) -> String {
    let text = faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n\n");
    text.replace(&dir.display().to_string(), "config")
}

/// What `nabat check` would say of a directory.
fn said(dir: &Path) -> String {
    match load(dir) {
        Ok((_, warnings)) => format!("accepted\n\n{}", told(dir, &warnings)),
        Err(faults) => told(dir, &faults),
    }
}

#[test]
fn the_sample_has_no_fault_and_no_warning() {
    let dir = root().join("config");
    assert_eq!(said(&dir), "accepted\n\n");
}

#[test]
fn the_embedded_sample_is_what_lies_in_config() {
    let dir = root().join("config");
    let embedded: BTreeSet<PathBuf> = SAMPLE.iter().map(|(path, _)| PathBuf::from(path)).collect();
    let mut lying = files(&dir);
    lying.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    assert_eq!(lying, embedded);
    for (path, text) in SAMPLE {
        assert_eq!(fs::read_to_string(dir.join(path)).unwrap(), *text, "{path}");
    }
    let sample = sample().unwrap_or_else(|faults| panic!("{}", told(&dir, &faults)));
    let loaded = load(&dir).unwrap().0;
    assert_eq!(format!("{sample:?}"), format!("{loaded:?}"));
}

#[test]
fn the_smallest_configuration_takes_every_default() {
    let (config, warnings) = load(&fixtures().join("good")).unwrap();
    assert!(warnings.is_empty());
    let bot = &config.bots[0];
    assert_eq!((bot.api_url.as_str(), bot.rate), ("https://api.telegram.org", 30));
    assert_eq!(bot.token, TokenSource::Env("NABAT_TOKEN".to_owned()));
    assert_eq!(config.storage.url, "sqlite:nabat.db");
    assert_eq!(config.policy.language, Lang::Ru);
    assert_eq!(config.policy.command_late_after, Duration::from_mins(2));
    assert_eq!((config.log.filter.as_str(), config.log.format), ("info", LogFormat::Text));
}

#[test]
fn what_the_sample_shows_as_default_is_the_default() {
    let sample = sample().unwrap();
    let (bare, _) = load(&fixtures().join("good")).unwrap();
    assert_eq!(sample.bots, bare.bots);
    assert_eq!(sample.storage, bare.storage);
    assert_eq!(sample.policy, bare.policy);
    assert_eq!(sample.log, bare.log);
}

#[test]
fn a_place_takes_zone_source_and_word_from_what_contains_it() {
    let (config, _) = load(&fixtures().join("good")).unwrap();
    let port = config.forest.get(&RegionId::new("XX-WEST-PORT")).unwrap();
    assert_eq!(port.parent, Some(RegionId::new("XX-WEST")));
    assert_eq!(port.short_word, "COUNTY");
    assert_eq!(port.source.en, "County duty office");
    assert_eq!(port.zone, chrono_tz::Europe::London);
    assert_eq!(config.forest.get(&RegionId::new("XX-EAST")).unwrap().short_word, "EASTERN");
}

#[test]
fn a_byte_order_mark_windows_line_ends_and_tabs_are_accepted() {
    let plain = format!("{:?}", load(&fixtures().join("good")).unwrap().0);
    for entry in fs::read_dir(fixtures().join("accepted")).unwrap() {
        let dir = laid(Some(&entry.unwrap().path()));
        assert_eq!(format!("{:?}", load(dir.path()).unwrap().0), plain);
    }
}

#[test]
fn every_bad_configuration_is_answered_with_what_to_write_instead() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(fixtures().join("said"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut names: Vec<PathBuf> =
        fs::read_dir(fixtures().join("bad")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() > 40);
    settings.bind(|| {
        for path in names {
            let dir = laid(Some(&path));
            let name = path.file_name().unwrap().to_str().unwrap();
            insta::assert_snapshot!(name, said(dir.path()));
        }
    });
}

#[test]
fn what_cannot_be_read_is_told_without_waiting_or_guessing() {
    let dir = laid(None);
    let at = |file: &str| dir.path().join(file);
    fs::remove_file(at("nabat.toml")).unwrap();
    fs::create_dir(at("regions/town.toml")).unwrap();
    fs::remove_dir_all(at("hazards")).unwrap();
    fs::write(at("hazards"), "").unwrap();
    let large = vec![b'#'; usize::try_from(source::FILE_BYTES_MAX).unwrap() + 1];
    fs::write(at("regions/large.toml"), large).unwrap();
    fs::write(at("regions/.hidden.toml"), "not read").unwrap();
    fs::write(at("regions/county.toml~"), "not read").unwrap();
    let told = said(dir.path());
    let lines: Vec<&str> = told.lines().filter(|line| line.starts_with("error")).collect();
    assert_eq!(
        lines,
        [
            "error[not-a-directory]: config/hazards: this is a file; a directory with the kinds of danger is expected here",
            "error[missing]: config/nabat.toml: the file does not exist",
            "error[too-large]: config/regions/large.toml: the file is larger than 4 MiB",
            "error[not-a-file]: config/regions/town.toml: this is a directory; a file is expected here",
        ]
    );
    let nowhere = said(&dir.path().join("nowhere"));
    assert!(
        nowhere.starts_with("error[missing]: config: the directory does not exist"),
        "{nowhere}"
    );
    assert!(nowhere.contains("--config DIR"), "{nowhere}");
}

#[cfg(unix)]
#[test]
fn a_link_to_itself_is_a_fault() {
    let dir = laid(None);
    std::os::unix::fs::symlink("loop.toml", dir.path().join("regions/loop.toml")).unwrap();
    let said = said(dir.path());
    assert!(said.contains("config/regions/loop.toml: the file can't be read"), "{said}");
}

#[test]
fn a_fault_speaks_to_machines_as_well() {
    let dir = laid(Some(&fixtures().join("bad/rate_zero")));
    let faults = load(dir.path()).unwrap_err();
    let [fault] = faults.as_slice() else { panic!("{faults:?}") };
    assert_eq!((fault.code, fault.gravity), ("out-of-range", Gravity::Error));
    assert_eq!((fault.line(), fault.column()), (Some(6), Some(8)));
    assert_eq!(fault.file, dir.path().join("nabat.toml"));
    assert!(fault.render(true).contains("\u{1b}["), "coloured");
    assert!(!fault.render(false).contains('\u{1b}'), "plain");
}

#[test]
fn no_token_is_repeated() {
    for name in ["token_in_the_file", "token_where_its_place_is_named"] {
        let dir = laid(Some(&fixtures().join("bad").join(name)));
        let faults = load(dir.path()).unwrap_err();
        assert!(!format!("{faults:?}").contains("AAExample"), "{faults:?}");
    }
}

#[test]
fn what_is_nested_without_end_is_a_fault() {
    for deep in [
        format!("version = 1\n[region{}]\n", ".districts".repeat(20_000)),
        format!("version = 1\nregion{} = 1\n", ".places".repeat(20_000)),
        format!("version = 1\nregion = {}", "[".repeat(50_000)),
        format!("version = 1\nregion = {}", "{ places = [".repeat(20_000)),
        format!("version = 1\n{}", "[[region.places.places.places.places.places.places.places]]\n"),
    ] {
        let sample = SAMPLE.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
        let mut texts: Vec<_> = sample.collect();
        texts.push((PathBuf::from("regions/deep.toml"), deep));
        assert!(load_sources(texts).is_err());
    }
}

#[test]
fn a_country_of_1500_regions_is_read() {
    let sample = SAMPLE.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
    let mut texts: Vec<_> = sample.collect();
    let (_, region) = SAMPLE.iter().find(|(path, _)| path.ends_with("donetsk.toml")).unwrap();
    for number in 0..150 {
        let letters: String = number
            .to_string()
            .chars()
            .map(|digit| char::from(b'A' + u8::try_from(digit.to_digit(10).unwrap()).unwrap()))
            .collect();
        let text = region
            .replace("UA-14", &format!("X{number}"))
            .replace("aliases = [", &format!("aliases = [] # {number} ["))
            .replace("ДОНЕЦК\"", &format!("ДОНЕЦК{letters}\""));
        texts.push((PathBuf::from(format!("regions/{number}.toml")), text));
    }
    let (config, warnings) = load_sources(texts).unwrap_or_else(|faults| panic!("{}", faults[0]));
    assert!(config.forest.len() > 1_500);
    assert_eq!(warnings.len(), 150, "nobody may alert them, told once for each");
}

#[test]
fn a_line_of_four_megabytes_is_no_burden() {
    for line in ["://", "1:", "a@", "12345:A", "€"] {
        let line = line.repeat(3 << 20 >> 2);
        let text = format!("version = 1\n[[bots]]\nname = \"{line}\"\nrate = \"{line}\"\n");
        let faults = load_sources(vec![(PathBuf::from("nabat.toml"), text)]).unwrap_err();
        assert!(faults.iter().all(|fault| fault.to_string().len() < 20_000));
    }
}

/// splitmix64: a few lines for a seeded test.
fn draw(state: &mut u64) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap()
}

/// Takes out, doubles or replaces a piece of a text.
fn mutate(text: &str, seed: &mut u64) -> String {
    const PIECES: &[&str] = &[
        "\"",
        "\n",
        "=",
        "[",
        "]]",
        "{",
        "}",
        "#",
        "'''",
        "\"\"\"",
        "\\u0000",
        "\\",
        "\t",
        "\r",
        "€",
        "\u{202e}",
        "1e999",
        "9999999999999999999",
        "1979-05-27",
        "true",
        "id = 1\n",
        "[levels]\n",
        "[[region]]\n",
        ".",
        ",",
        "version",
        "token = \"1\"\n",
        "parent = \"RU-SMO\"\n",
        "nan",
    ];
    let mut at = |text: &str| text.floor_char_boundary(draw(seed) % (text.len() + 1));
    let (one, other) = (at(text), at(text));
    let (from, near) = (one.min(other), text.floor_char_boundary(one.min(other) + 40));
    let to = one.max(other).min(near.max(from));
    let piece = PIECES[draw(seed) % PIECES.len()];
    match draw(seed) % 4 {
        0 => format!("{}{}", &text[..from], &text[to..]),
        1 => format!("{}{}", &text[..to], &text[from..]),
        2 => format!("{}{piece}{}", &text[..from], &text[to..]),
        _ => format!("{}{piece}{}", &text[..from], &text[from..]),
    }
}

#[test]
fn thousands_of_spoilt_samples_are_answered_and_none_panics() {
    let (mut seed, mut refused) = (7, 0);
    for round in 0..3_000 {
        let mut texts: Vec<(PathBuf, String)> =
            SAMPLE.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect();
        for _ in 0..=round % 3 {
            let which = draw(&mut seed) % texts.len();
            texts[which].1 = mutate(&texts[which].1, &mut seed);
        }
        let faults = match load_sources(texts) {
            Ok((_, warnings)) => warnings,
            Err(faults) => {
                refused += 1;
                assert!(faults.iter().any(|fault| fault.gravity == Gravity::Error));
                faults
            }
        };
        for fault in faults {
            assert!(!fault.render(round % 2 == 0).is_empty());
        }
    }
    assert!((1_000..3_000).contains(&refused), "{refused}: neither all nor none");
}
