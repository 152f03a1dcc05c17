//! A bot's token: parsed once, and printed never.
//!
//! Deliberately absent: where tokens come from. That is for the configuration to say.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::domain::ids::BotId;

/// Longest token, in bytes. They have 46 today; the bound keeps a wrong file out of a URL.
const LENGTH_MAX: usize = 256;

/// A bot's token: `digits:secret`. It is wiped from memory when dropped.
#[derive(Clone)]
pub struct Token {
    bot: BotId,
    text: SecretString,
}

/// Why a text is no token. Never says what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Nothing but space.
    #[error("the token is empty")]
    Empty,
    /// Too long to be one.
    #[error("the token is longer than {LENGTH_MAX} bytes")]
    Long,
    /// No colon.
    #[error("a token has a colon between the bot's number and its secret")]
    Colon,
    /// What stands before the colon.
    #[error("a token begins with the bot's number")]
    Number,
    /// What stands behind the colon.
    #[error("a token's secret is made of letters, digits, `-` and `_`")]
    Secret,
}

impl Token {
    /// Reads a token; space around it, such as the end of a file's line, is no part of it.
    ///
    /// # Errors
    /// If it has not the shape of a token. Whether Telegram knows it is not asked.
    pub fn parse(text: &str) -> Result<Self, TokenFault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TokenFault::Empty);
        }
        if text.len() > LENGTH_MAX {
            return Err(TokenFault::Long);
        }
        let (number, secret) = text.split_once(':').ok_or(TokenFault::Colon)?;
        // Digits only: `parse` alone would take a sign.
        let digits = number.bytes().all(|b| b.is_ascii_digit());
        let bot = number.parse().ok().filter(|bot| digits && *bot > 0).ok_or(TokenFault::Number)?;
        // What is left is safe inside a URL as it stands.
        let safe = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if secret.is_empty() || !secret.bytes().all(safe) {
            return Err(TokenFault::Secret);
        }
        Ok(Self { bot: BotId(bot), text: SecretString::from(text) })
    }

    /// Whose it is.
    #[must_use]
    pub const fn bot(&self) -> BotId {
        self.bot
    }

    /// The token itself, to be put into an address and nowhere else.
    pub(super) fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({self})")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:[secret]", self.bot.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_from_a_file_loses_its_line_end() {
        let token = Token::parse("7654321:AAF-x_9\n").unwrap();
        assert_eq!(token.bot(), BotId(7_654_321));
        assert_eq!(token.expose(), "7654321:AAF-x_9");
    }

    #[test]
    fn printing_a_token_does_not_give_it_away() {
        let token = Token::parse("7654321:AAF-x_9").unwrap();
        assert_eq!(format!("{token}"), "7654321:[secret]");
        assert_eq!(format!("{token:?}"), "Token(7654321:[secret])");
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_repeated() {
        for (text, fault) in [
            (" \n", TokenFault::Empty),
            ("hunter2", TokenFault::Colon),
            (":hunter2", TokenFault::Number),
            ("+12:hunter2", TokenFault::Number),
            ("0:hunter2", TokenFault::Number),
            ("99999999999999999999:hunter2", TokenFault::Number),
            ("12:", TokenFault::Secret),
            ("12:hunter2/../x", TokenFault::Secret),
            ("12:hunter2:x", TokenFault::Secret),
            ("12:hunter2?x", TokenFault::Secret),
        ] {
            let said = Token::parse(text).unwrap_err();
            assert_eq!(said, fault, "{text}");
            assert!(!format!("{said} {said:?}").contains("hunter2"));
        }
        let long = format!("12:{}", "x".repeat(LENGTH_MAX));
        assert_eq!(Token::parse(&long).unwrap_err(), TokenFault::Long);
    }
}
