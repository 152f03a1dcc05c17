//! The files of a configuration, read whole and within limits.
//!
//! Deliberately absent: meaning. A file that can't be read is a fault; what it says is for others.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::fault::Fault;

/// The largest file that is read, in bytes: a thousand times the usual.
pub(super) const FILE_BYTES_MAX: u64 = 4 << 20;

/// The most files in one directory: ten times the regions of the largest country.
const FILES_MAX: usize = 2_000;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Settings,
    Region,
    Hazard,
    Operators,
}

impl Kind {
    /// By the file's place below the configuration's directory.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let directory = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        match (directory, name) {
            (Some("regions"), _) => Some(Self::Region),
            (Some("hazards"), _) => Some(Self::Hazard),
            (_, "nabat.toml") => Some(Self::Settings),
            (_, "operators.toml") => Some(Self::Operators),
            _ => None,
        }
    }
}

/// A file with its text.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    /// Without the byte order mark.
    pub(super) text: String,
}

impl Source {
    pub(super) fn new(path: PathBuf, kind: Kind, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        Self { path, kind, text }
    }
}

/// Reads the files of a directory, in the order of their names.
pub(super) fn gather(dir: &Path) -> (Vec<Source>, Vec<Fault>) {
    let mut found = Gathered::default();
    if let Err(fault) = is_directory(dir, "the configuration") {
        found.faults.push(fault.help(
            "say where the configuration is with `--config DIR`; `config/` of the sources is a complete sample",
        ));
        return (found.sources, found.faults);
    }
    found.file(dir.join("nabat.toml"), Kind::Settings);
    found.files(&dir.join("regions"), Kind::Region, "the regions");
    found.files(&dir.join("hazards"), Kind::Hazard, "the kinds of danger");
    found.file(dir.join("operators.toml"), Kind::Operators);
    (found.sources, found.faults)
}

#[derive(Default)]
struct Gathered {
    sources: Vec<Source>,
    faults: Vec<Fault>,
}

impl Gathered {
    fn file(&mut self, path: PathBuf, kind: Kind) {
        match read(&path) {
            Ok(text) => self.sources.push(Source::new(path, kind, &text)),
            Err(fault) => self.faults.push(*fault),
        }
    }

    fn files(&mut self, dir: &Path, kind: Kind, holds: &str) {
        if let Err(fault) = is_directory(dir, holds) {
            self.faults.push(fault.help(format!("make the directory `{}`", dir.display())));
            return;
        }
        let mut paths = Vec::new();
        let listed = fs::read_dir(dir).and_then(|entries| {
            for entry in entries {
                paths.push(entry?.path());
            }
            Ok(())
        });
        if let Err(error) = listed {
            let message = format!("the directory can't be listed: {error}");
            self.faults.push(Fault::of_file(dir, "unreadable", message));
        }
        paths.retain(|path| is_ours(path));
        paths.sort();
        if paths.is_empty() {
            let fault = Fault::of_file(dir, "empty-directory", "no `.toml` file in this directory");
            self.faults.push(fault.help(format!("put here {holds}, a file each")));
        }
        if paths.len() > FILES_MAX {
            let message = format!("{} files; at most {FILES_MAX} are read", paths.len());
            self.faults.push(Fault::of_file(dir, "too-many-files", message));
            paths.truncate(FILES_MAX);
        }
        for path in paths {
            self.file(path, kind);
        }
    }
}

/// Editors leave hidden files and copies beside the real ones.
fn is_ours(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|extension| extension == "toml")
}

fn is_directory(dir: &Path, holds: &str) -> Result<(), Fault> {
    match fs::metadata(dir) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(Fault::of_file(
            dir,
            "not-a-directory",
            format!("this is a file; a directory with {holds} is expected here"),
        )),
        Err(error) => Err(Fault::of_file(dir, "missing", why(&error, "directory"))),
    }
}

fn why(error: &io::Error, what: &str) -> String {
    if error.kind() == io::ErrorKind::NotFound {
        format!("the {what} does not exist")
    } else {
        format!("the {what} can't be read: {error}")
    }
}

fn read(path: &Path) -> Result<String, Box<Fault>> {
    let fault = |code, message: String| Box::new(Fault::of_file(path, code, message));
    let unreadable = |error: io::Error| {
        let code = if error.kind() == io::ErrorKind::NotFound { "missing" } else { "unreadable" };
        fault(code, why(&error, "file"))
    };
    // Looked at before it is opened: to open a pipe is to wait for whoever writes to it.
    let found = fs::metadata(path).map_err(unreadable)?;
    if found.is_dir() {
        let message = "this is a directory; a file is expected here".to_owned();
        return Err(fault("not-a-file", message));
    }
    if !found.is_file() {
        return Err(fault("not-a-file", "this is not a regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Box::new(too_large(path)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..good).unwrap_or_default();
        let line = before.split(|&byte| byte == b'\n').count();
        let message = format!("line {line} is not UTF-8 text (byte {} of the file)", good + 1);
        Box::new(Fault::of_file(path, "not-utf8", message).help("save the file as UTF-8"))
    })
}

/// Tells texts apart by their paths.
pub(super) fn sort(texts: Vec<(PathBuf, String)>) -> (Vec<Source>, Vec<Fault>) {
    let (mut sources, mut faults) = (Vec::new(), Vec::new());
    for (path, text) in texts {
        match Kind::of(&path) {
            Some(kind) if text.len() as u64 <= FILE_BYTES_MAX => {
                sources.push(Source::new(path, kind, &text));
            }
            Some(_) => faults.push(too_large(&path)),
            None => faults.push(
                Fault::of_file(&path, "unknown-file", "no file of this name is read").help(
                    "the files are nabat.toml, operators.toml, regions/*.toml and hazards/*.toml",
                ),
            ),
        }
    }
    for (kind, path) in [(Kind::Settings, "nabat.toml"), (Kind::Operators, "operators.toml")] {
        if !sources.iter().any(|source| source.kind == kind) {
            let message = "the file does not exist";
            faults.push(Fault::of_file(Path::new(path), "missing", message));
        }
    }
    (sources, faults)
}

fn too_large(path: &Path) -> Fault {
    let message = format!("the file is larger than {} MiB", FILE_BYTES_MAX >> 20);
    Fault::of_file(path, "too-large", message)
        .help("split it, or take out what is not configuration")
}
