//! Messages serialised once.
//!
//! A [`Body`] is everything of a message but the chat: for each chat its id is put in front, one
//! small copy and no serialisation. The same bytes serve an edit, where the number of the message is
//! put in front as well.
//!
//! Invariant: what comes out is the JSON that teloxide's own payloads would give.
//!
//! Deliberately absent: markup of any kind. Texts are plain, so nothing in them has to be escaped and
//! no one's name can break an alert.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use teloxide::types as tg;

use crate::{
    domain::{
        ids::{ChatId, MessageId},
        letter::{Button, Message},
    },
    ports::courier::Extras,
};

/// Room for two ids, their keys and what a send adds, in bytes.
const FRAME: usize = 192;

/// A message serialised once, to be sent to many.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    /// `"text":…`, and what else a send and an edit have in common; without braces.
    common: Bytes,
    silent: bool,
}

#[derive(Serialize)]
struct Common<'a> {
    text: &'a str,
    /// An alert must not grow a picture that someone else's page chooses.
    link_preview_options: tg::LinkPreviewOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_markup: Option<tg::InlineKeyboardMarkup>,
}

impl Body {
    /// Serialises a message.
    #[must_use]
    pub fn new(message: &Message) -> Self {
        let common = Common {
            text: &message.text,
            link_preview_options: tg::LinkPreviewOptions {
                is_disabled: true,
                url: None,
                prefer_small_media: false,
                prefer_large_media: false,
                show_above_text: false,
            },
            reply_markup: keyboard(message),
        };
        let object = bytes_of(&common);
        // An object begins and ends with a brace.
        Self { common: object.slice(1..object.len() - 1), silent: message.silent }
    }

    /// What to POST to send it. `// Bot API: sendMessage`
    #[must_use]
    pub fn to_send(&self, chat: ChatId, with: Extras) -> Vec<u8> {
        let mut json = Vec::with_capacity(FRAME + self.common.len());
        put(&mut json, b"{\"chat_id\":", chat.0);
        json.push(b',');
        json.extend_from_slice(&self.common);
        if self.silent {
            json.extend_from_slice(b",\"disable_notification\":true");
        }
        if with.paid {
            json.extend_from_slice(b",\"allow_paid_broadcast\":true");
        }
        if let Some(message) = with.reply_to {
            put(&mut json, b",\"reply_parameters\":{\"message_id\":", message.0);
            json.push(b'}');
        }
        json.push(b'}');
        json
    }

    /// What to POST to put it in place of an earlier message; buttons it has not are removed.
    /// `// Bot API: editMessageText`
    #[must_use]
    pub fn to_edit(&self, chat: ChatId, message: MessageId) -> Vec<u8> {
        let mut json = Vec::with_capacity(FRAME + self.common.len());
        put(&mut json, b"{\"chat_id\":", chat.0);
        put(&mut json, b",\"message_id\":", message.0);
        json.push(b',');
        json.extend_from_slice(&self.common);
        json.push(b'}');
        json
    }
}

/// Sizes only: a text is nobody's business.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.common.len())
    }
}

/// Serialises what can't fail to be serialised.
pub(super) fn bytes_of(value: &impl Serialize) -> Bytes {
    #[expect(
        clippy::expect_used,
        reason = "serde_json fails on writing, which memory does not, and on maps whose keys are no \
                  text, of which this room has none"
    )]
    let json = serde_json::to_vec(value).expect("text, numbers and lists of them");
    Bytes::from(json)
}

fn keyboard(message: &Message) -> Option<tg::InlineKeyboardMarkup> {
    let button = |one: &Button| match reqwest::Url::parse(&one.data) {
        Ok(address) if one.opens() => tg::InlineKeyboardButton::url(&one.label, address),
        Ok(_) | Err(_) => tg::InlineKeyboardButton::callback(&one.label, &one.data),
    };
    let rows = message.buttons.iter().filter(|row| !row.is_empty());
    let rows = rows.map(|row| row.iter().map(button));
    let markup = tg::InlineKeyboardMarkup::new(rows);
    (!markup.inline_keyboard.is_empty()).then_some(markup)
}

fn put(json: &mut Vec<u8>, key: &[u8], number: i64) {
    json.extend_from_slice(key);
    json.extend_from_slice(number.to_string().as_bytes());
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use teloxide::payloads::{
        EditMessageText, EditMessageTextSetters as _, SendMessage, SendMessageSetters as _,
    };

    use super::*;
    use crate::domain::letter::Button;

    const CHAT: ChatId = ChatId(-1_001_234_567_890);

    fn message() -> Message {
        Message {
            text: "Тревога «№ 7»\n\"\\\u{1}\u{2028}🚨".to_owned(),
            buttons: vec![
                vec![Button::new("Да", "y:1"), Button::new("Нет \"\\\"", "n:1")],
                vec![],
                vec![Button::new("?", "w")],
            ],
            silent: true,
        }
    }

    fn markup() -> tg::InlineKeyboardMarkup {
        let button = tg::InlineKeyboardButton::callback::<&str, &str>;
        tg::InlineKeyboardMarkup::new([
            vec![button("Да", "y:1"), button("Нет \"\\\"", "n:1")],
            vec![button("?", "w")],
        ])
    }

    fn quiet() -> tg::LinkPreviewOptions {
        serde_json::from_str(r#"{"is_disabled":true}"#).unwrap()
    }

    fn read(json: &[u8]) -> Value {
        serde_json::from_slice(json).unwrap()
    }

    #[test]
    fn a_send_is_what_teloxide_would_write() {
        let message = message();
        let theirs = SendMessage::new(tg::ChatId(CHAT.0), message.text.clone())
            .disable_notification(true)
            .link_preview_options(quiet())
            .reply_markup(markup());
        let ours = Body::new(&message).to_send(CHAT, Extras::default());
        assert_eq!(read(&ours), serde_json::to_value(theirs).unwrap());
    }

    #[test]
    fn an_edit_is_what_teloxide_would_write() {
        let message = message();
        let theirs =
            EditMessageText::new(tg::ChatId(CHAT.0), tg::MessageId(42), message.text.clone())
                .link_preview_options(quiet())
                .reply_markup(markup());
        let ours = Body::new(&message).to_edit(CHAT, MessageId(42));
        assert_eq!(read(&ours), serde_json::to_value(theirs).unwrap());
    }

    #[test]
    fn a_plain_message_is_these_bytes() {
        let body = Body::new(&Message::plain("Отбой"));
        assert_eq!(
            String::from_utf8(body.to_send(ChatId(7), Extras::default())).unwrap(),
            r#"{"chat_id":7,"text":"Отбой","link_preview_options":{"is_disabled":true}}"#
        );
        assert_eq!(
            String::from_utf8(body.to_edit(ChatId(-7), MessageId(i64::MAX))).unwrap(),
            r#"{"chat_id":-7,"message_id":9223372036854775807,"text":"Отбой","link_preview_options":{"is_disabled":true}}"#
        );
    }

    #[test]
    fn a_text_is_not_printed() {
        let shown = format!("{:?}", Body::new(&Message::plain("secret")));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
