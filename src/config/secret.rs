//! Where a bot's token is kept, and how it is fetched.
//!
//! Invariants: the token is never part of the configuration, of a fault or of a log line; a file that
//! others may read is refused.

use std::{env, ffi::OsString, fmt, fs, io::Read, path::PathBuf};

use secrecy::SecretString;

/// The largest token file that is read, in bytes: a token has about 46.
const TOKEN_BYTES_MAX: u64 = 4_096;

/// The variable in which systemd names the directory of credentials. `// systemd.exec(5)`
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Where a token is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenSource {
    /// A file that only the daemon can read.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// A systemd credential, by name.
    Credential(String),
}

/// Why there is no token; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum TokenFault {
    /// The variable is not set.
    #[error("no token: set the environment variable `{0}` to the token that @BotFather gave you")]
    Unset(String),
    /// The daemon was not started with credentials.
    #[error(
        "no token: systemd passed no credentials; add `LoadCredential={0}:/path/to/token` to the unit"
    )]
    NoCredentials(String),
    /// The file can't be read.
    #[error("no token: `{}` can't be read ({why}); write the token into it and make it readable for the daemon alone", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// The file is open to everybody.
    #[error("the token in `{path}` can be read by everybody on this machine: run `chmod 600 {path}`", path = .0.display())]
    Open(PathBuf),
    /// There is something, but it is no token.
    #[error(
        "what is in {0} does not look like a token (digits, a colon, letters): copy it again from @BotFather"
    )]
    NoToken(String),
}

impl TokenSource {
    /// Fetches the token.
    ///
    /// # Errors
    ///
    /// What is missing and what to do about it; never the token.
    pub fn resolve(&self) -> Result<SecretString, TokenFault> {
        self.resolve_in(|name| env::var_os(name))
    }

    fn resolve_in(
        &self,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<SecretString, TokenFault> {
        let text = match self {
            Self::Env(name) => environment(name)
                .and_then(|value| value.into_string().ok())
                .filter(|value| !value.trim().is_empty())
                .ok_or_else(|| TokenFault::Unset(name.clone()))?,
            Self::File(path) => read(path.clone(), true)?,
            Self::Credential(name) => {
                let directory = environment(CREDENTIALS)
                    .ok_or_else(|| TokenFault::NoCredentials(name.clone()))?;
                // systemd keeps credentials from other users by itself.
                read(PathBuf::from(directory).join(name), false)?
            }
        };
        let token = text.trim();
        if is_token(token) {
            Ok(SecretString::from(token))
        } else {
            Err(TokenFault::NoToken(self.to_string()))
        }
    }
}

impl fmt::Display for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file `{}`", path.display()),
            Self::Env(name) => write!(f, "the environment variable `{name}`"),
            Self::Credential(name) => write!(f, "the systemd credential `{name}`"),
        }
    }
}

/// Whether `text` can stand in a Bot API address: a bot's number, a colon, and a secret.
pub(super) fn is_token(text: &str) -> bool {
    text.split_once(':').is_some_and(|(number, secret)| {
        number.parse::<i64>().is_ok_and(|number| number > 0)
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && !secret.is_empty()
            && secret
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    })
}

fn read(path: PathBuf, guarded: bool) -> Result<String, TokenFault> {
    let unreadable = |error| TokenFault::Unreadable { path: path.clone(), why: error };
    let found = fs::metadata(&path).map_err(unreadable)?;
    if !found.is_file() {
        return Err(unreadable(std::io::Error::other("not a regular file")));
    }
    if guarded && is_open_to_everybody(&found) {
        return Err(TokenFault::Open(path));
    }
    let mut text = String::new();
    fs::File::open(&path)
        .and_then(|file| file.take(TOKEN_BYTES_MAX).read_to_string(&mut text))
        .map_err(unreadable)?;
    Ok(text)
}

#[cfg(unix)]
fn is_open_to_everybody(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    found.permissions().mode() & 0o007 != 0
}

/// Elsewhere permissions are not three digits, and the file is trusted.
#[cfg(not(unix))]
fn is_open_to_everybody(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const TOKEN: &str = "123456789:not-a-real-secret_of-any-bot";

    fn resolved(source: &TokenSource, variable: Option<&str>) -> Result<String, String> {
        source
            .resolve_in(|_| variable.map(OsString::from))
            .map(|token| token.expose_secret().to_owned())
            .map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_token_is_taken_from_the_environment_without_the_line_end() {
        let source = TokenSource::Env("NABAT_TOKEN".to_owned());
        assert_eq!(resolved(&source, Some(&format!("{TOKEN}\n"))).unwrap(), TOKEN);
        let said = resolved(&source, None).unwrap_err();
        assert!(said.contains("set the environment variable `NABAT_TOKEN`"), "{said}");
        let said = resolved(&source, Some("my secret")).unwrap_err();
        assert!(
            said.contains("does not look like a token") && !said.contains("my secret"),
            "{said}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_token_file_that_everybody_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let source = TokenSource::File(path.clone());
        assert!(resolved(&source, None).unwrap_err().contains("can't be read"));
        fs::write(&path, TOKEN).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let said = resolved(&source, None).unwrap_err();
        assert!(said.contains("chmod 600") && !said.contains(TOKEN), "{said}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(resolved(&source, None).unwrap(), TOKEN);
    }

    #[test]
    fn a_systemd_credential_lies_in_the_directory_that_systemd_names() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("nabat"), TOKEN).unwrap();
        let source = TokenSource::Credential("nabat".to_owned());
        assert_eq!(resolved(&source, dir.path().to_str()).unwrap(), TOKEN);
        assert!(resolved(&source, None).unwrap_err().contains("LoadCredential=nabat"));
    }
}
