//! What Telegram's answer means. PURE.
//!
//! An answer is judged by `error_code` first, then by how `description` begins, in either case; what
//! is in no table is a refusal of an unknown kind. Of a success nothing is needed but `ok`: a message
//! whose number can't be read was sent all the same, or a new field would make copies of everything.
//!
//! An answer that is no Bot API answer (a page of some gateway, half a body) proves nothing, whatever
//! its status: the outcome is unknown. The one exception is 429, which nobody says after doing it.
//!
//! Deliberately absent: what is done about an outcome. That is `domain::delivery::judge`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::domain::{
    delivery::{Gone, Outcome, Rights},
    ids::{ChatId, MessageId},
};

/// The number of a message whose number is not known: an edit of it fails, and it is sent anew.
pub(super) const UNNUMBERED: MessageId = MessageId(0);

/// The wait of a 429 that names none. Below the 5 s from which a wait is taken to concern the whole
/// token (reference: flood control, rule 3): what we made up ourselves is no evidence of that, and a
/// second chat that is refused meanwhile still is.
const RETRY_AFTER_UNSAID: Duration = Duration::from_secs(3);
/// The shortest wait: zero would be no wait at all.
const RETRY_AFTER_MIN: Duration = Duration::from_secs(1);
/// The longest wait. Three hours have been seen; a broken number must not silence a bot for good.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);
/// How much of a description is kept, in characters: they are sentences, and go into reports.
const DESCRIPTION_MAX: usize = 200;

/// What became of a call.
///
/// `status` is the HTTP status, `retry_after` the header of that name, `body` all that was read.
pub(super) fn judge(status: u16, body: &[u8], retry_after: Option<&str>) -> Outcome {
    match Answer::read(body) {
        Answer::Done => Outcome::Delivered(message_id(body).unwrap_or(UNNUMBERED)),
        Answer::Refused(refusal) => refusal.outcome(status, retry_after),
        Answer::Foreign if status == 429 => Refusal::default().outcome(status, retry_after),
        Answer::Foreign => Outcome::Unknown,
    }
}

/// A Bot API answer, or not.
pub(super) enum Answer {
    /// `"ok":true`, whatever else.
    Done,
    /// `"ok":false`.
    Refused(Refusal),
    /// Not whole, or not from a Bot API server.
    Foreign,
}

impl Answer {
    /// Reads an answer.
    pub(super) fn read(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Head {
            ok: bool,
        }
        match serde_json::from_slice(body) {
            Ok(Head { ok: true }) => Self::Done,
            Ok(Head { ok: false }) => Self::Refused(Refusal::read(body)),
            Err(_) => Self::Foreign,
        }
    }
}

/// A refusal, as far as it can be read.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    code: Option<u16>,
    description: String,
    retry_after: Option<u64>,
    migrate_to: Option<i64>,
}

impl Refusal {
    /// Field by field, so that an odd one does not hide the others.
    fn read(body: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        let parameters = &value["parameters"];
        Self {
            code: value["error_code"].as_u64().and_then(|code| u16::try_from(code).ok()),
            description: value["description"].as_str().unwrap_or_default().to_owned(),
            // Bot API: ResponseParameters
            retry_after: parameters["retry_after"].as_u64(),
            migrate_to: parameters["migrate_to_chat_id"].as_i64(),
        }
    }

    /// The Bot API's code, or that of HTTP if it names none.
    pub(super) fn code(&self, status: u16) -> u16 {
        self.code.unwrap_or(status)
    }

    /// The Bot API's words, not too many of them.
    pub(super) fn description(&self) -> String {
        self.description.chars().take(DESCRIPTION_MAX).collect()
    }

    /// How long a 429 asks to wait.
    pub(super) fn wait(&self, header: Option<&str>) -> Duration {
        self.retry_after
            .or_else(|| header?.trim().parse().ok())
            .or_else(|| {
                after(&self.description, "Too Many Requests: retry after ")?.trim().parse().ok()
            })
            .map_or(RETRY_AFTER_UNSAID, Duration::from_secs)
            .clamp(RETRY_AFTER_MIN, RETRY_AFTER_MAX)
    }

    fn outcome(&self, status: u16, header: Option<&str>) -> Outcome {
        let code = self.code(status);
        match code {
            429 => Outcome::Throttled { retry_after: self.wait(header) },
            401 | 404 => Outcome::Token(self.description()),
            400 if let Some(to) = self.migrate_to => Outcome::Migrated(ChatId(to)),
            400 | 403 => {
                let text = ["Bad Request: ", "Forbidden: "]
                    .iter()
                    .find_map(|prefix| after(&self.description, prefix))
                    .unwrap_or(&self.description);
                let tables: &[&[Row]] = if code == 403 { &[GONE, RIGHTS] } else { &[RIGHTS, BAD] };
                tables
                    .iter()
                    .flat_map(|table| table.iter())
                    .find(|(prefix, _)| after(text, prefix).is_some())
                    .map_or_else(|| self.rejected(code), |(_, mean)| self.means(*mean))
            }
            402..500 => self.rejected(code),
            // A 5xx may come after the deed, and "not ok" with a code of success says nothing.
            _ => Outcome::Unknown,
        }
    }

    fn means(&self, meaning: Meaning) -> Outcome {
        match meaning {
            Meaning::Gone(gone) => Outcome::Gone(gone),
            Meaning::Forbidden(rights) => Outcome::Forbidden(rights),
            Meaning::Missing => Outcome::Missing,
            Meaning::Unattached => Outcome::Unattached,
            Meaning::Unmodified => Outcome::Unmodified,
            Meaning::Uneditable => Outcome::Uneditable,
            Meaning::Payload => Outcome::Payload(self.description()),
            Meaning::Unpaid => Outcome::Unpaid(self.description()),
        }
    }

    fn rejected(&self, code: u16) -> Outcome {
        Outcome::Rejected { code, description: self.description() }
    }
}

/// How a description begins, and what that means.
type Row = (&'static str, Meaning);

#[derive(Clone, Copy)]
enum Meaning {
    Gone(Gone),
    Forbidden(Rights),
    Missing,
    Unattached,
    Unmodified,
    Uneditable,
    Payload,
    Unpaid,
}

/// 403, after `Forbidden: `.
const GONE: &[Row] = &[
    ("bot was blocked by the user", Meaning::Gone(Gone::Blocked)),
    ("user is deactivated", Meaning::Gone(Gone::Deactivated)),
    ("bot can't initiate conversation with a user", Meaning::Gone(Gone::NeverStarted)),
    ("bot was kicked from the channel chat", Meaning::Forbidden(Rights::Channel)),
    ("bot is not a member of the channel chat", Meaning::Forbidden(Rights::Channel)),
    ("bot was kicked from the ", Meaning::Gone(Gone::Kicked)),
    ("bot is not a member of the ", Meaning::Gone(Gone::Kicked)),
    ("the group chat was deleted", Meaning::Gone(Gone::Kicked)),
];

/// 400 and, as newer servers say it, 403. In capitals: codes of the layer below, passed through. That a
/// chat takes no photos is not among them: it still takes warnings.
const RIGHTS: &[Row] = &[
    ("have no write access to the chat", Meaning::Forbidden(Rights::Write)),
    ("not enough rights to send text messages to the chat", Meaning::Forbidden(Rights::Write)),
    ("have no rights to send a message", Meaning::Forbidden(Rights::Write)),
    ("need administrator rights in the channel chat", Meaning::Forbidden(Rights::Channel)),
    ("CHAT_WRITE_FORBIDDEN", Meaning::Forbidden(Rights::Write)),
    ("CHAT_RESTRICTED", Meaning::Forbidden(Rights::Write)),
    ("TOPIC_CLOSED", Meaning::Forbidden(Rights::Write)),
    ("CHAT_ADMIN_REQUIRED", Meaning::Forbidden(Rights::Channel)),
    ("CHANNEL_PRIVATE", Meaning::Forbidden(Rights::Channel)),
    ("USER_BANNED_IN_CHANNEL", Meaning::Forbidden(Rights::Channel)),
];

/// 400, after `Bad Request: `.
const BAD: &[Row] = &[
    ("chat not found", Meaning::Missing),
    ("PEER_ID_INVALID", Meaning::Missing),
    ("BALANCE_TOO_LOW", Meaning::Unpaid),
    ("message thread not found", Meaning::Unattached),
    ("message to be replied not found", Meaning::Unattached),
    ("message is not modified", Meaning::Unmodified),
    ("message to edit not found", Meaning::Uneditable),
    ("message can't be edited", Meaning::Uneditable),
    ("can't parse ", Meaning::Payload),
    ("message is too long", Meaning::Payload),
    ("text is too long", Meaning::Payload),
    ("message text is empty", Meaning::Payload),
    ("BUTTON_DATA_INVALID", Meaning::Payload),
    ("reply markup is too long", Meaning::Payload),
    ("message caption is too long", Meaning::Payload),
    ("there is no photo in the request", Meaning::Payload),
    ("file must be non-empty", Meaning::Payload),
    ("PHOTO_INVALID_DIMENSIONS", Meaning::Payload),
    ("IMAGE_PROCESS_FAILED", Meaning::Payload),
];

/// What follows a prefix, which may stand in either case.
fn after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

/// The number of the message that was sent or edited; `true`, a user and the like have none.
fn message_id(body: &[u8]) -> Option<MessageId> {
    #[derive(Deserialize)]
    struct Done {
        result: Sent,
    }
    #[derive(Deserialize)]
    struct Sent {
        message_id: i64,
    }
    let done: Done = serde_json::from_slice(body).ok()?;
    Some(MessageId(done.result.message_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u16, description: &str) -> Outcome {
        let body = serde_json::json!({"ok": false, "error_code": code, "description": description});
        judge(code, body.to_string().as_bytes(), None)
    }

    const BLOCKED: Outcome = Outcome::Gone(Gone::Blocked);
    const KICKED: Outcome = Outcome::Gone(Gone::Kicked);
    const WRITE: Outcome = Outcome::Forbidden(Rights::Write);
    const CHANNEL: Outcome = Outcome::Forbidden(Rights::Channel);

    /// Every refusal of the reference with a fixed meaning.
    const TABLE: &[(u16, &str, Outcome)] = &[
        (403, "Forbidden: bot was blocked by the user", BLOCKED),
        (403, "Forbidden: user is deactivated", Outcome::Gone(Gone::Deactivated)),
        (
            403,
            "Forbidden: bot can't initiate conversation with a user",
            Outcome::Gone(Gone::NeverStarted),
        ),
        (403, "Forbidden: bot was kicked from the group chat", KICKED),
        (403, "Forbidden: bot was kicked from the supergroup chat", KICKED),
        (403, "Forbidden: bot was kicked from the channel chat", CHANNEL),
        (403, "Forbidden: bot is not a member of the group chat", KICKED),
        (403, "Forbidden: bot is not a member of the supergroup chat", KICKED),
        (403, "Forbidden: bot is not a member of the channel chat", CHANNEL),
        (403, "Forbidden: the group chat was deleted", KICKED),
        (400, "Bad Request: chat not found", Outcome::Missing),
        (400, "Bad Request: PEER_ID_INVALID", Outcome::Missing),
        (400, "Bad Request: have no write access to the chat", WRITE),
        (400, "Bad Request: not enough rights to send text messages to the chat", WRITE),
        (400, "Bad Request: need administrator rights in the channel chat", CHANNEL),
        (400, "Bad Request: have no rights to send a message", WRITE),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN", WRITE),
        (400, "Bad Request: CHAT_RESTRICTED", WRITE),
        (400, "Bad Request: CHAT_ADMIN_REQUIRED", CHANNEL),
        (400, "Bad Request: CHANNEL_PRIVATE", CHANNEL),
        (400, "Bad Request: USER_BANNED_IN_CHANNEL", CHANNEL),
        (400, "Bad Request: TOPIC_CLOSED", WRITE),
        (403, "Forbidden: CHAT_WRITE_FORBIDDEN", WRITE),
        (403, "Forbidden: not enough rights to send text messages to the chat", WRITE),
        (400, "Bad Request: message thread not found", Outcome::Unattached),
        (400, "Bad Request: message to be replied not found", Outcome::Unattached),
        (
            400,
            "Bad Request: message is not modified: specified new message content and reply markup \
             are exactly the same",
            Outcome::Unmodified,
        ),
        (400, "Bad Request: message to edit not found", Outcome::Uneditable),
        (400, "Bad Request: message can't be edited", Outcome::Uneditable),
        (500, "Internal Server Error: restart", Outcome::Unknown),
        (500, "Internal Server Error", Outcome::Unknown),
        (502, "Bad Gateway", Outcome::Unknown),
        (504, "Gateway Timeout", Outcome::Unknown),
    ];

    #[test]
    fn every_refusal_of_the_table_is_understood() {
        for (code, description, outcome) in TABLE {
            assert_eq!(refused(*code, description), *outcome, "{description}");
            assert_eq!(refused(*code, &description.to_lowercase()), *outcome, "{description}");
            assert_eq!(refused(*code, &description.to_uppercase()), *outcome, "{description}");
            let bare = description.split_once(": ").map_or(*description, |(_, rest)| rest);
            assert_eq!(refused(*code, bare), *outcome, "without its prefix: {description}");
        }
    }

    #[test]
    fn a_fault_of_ours_is_told_in_telegrams_words() {
        for description in [
            "Bad Request: can't parse entities: Unsupported start tag at byte offset 7",
            "Bad Request: can't parse inline keyboard button",
            "Bad Request: message is too long",
            "Bad Request: text is too long",
            "Bad Request: message text is empty",
            "Bad Request: BUTTON_DATA_INVALID",
            "Bad Request: reply markup is too long",
            "Bad Request: message caption is too long",
            "Bad Request: there is no photo in the request",
            "Bad Request: file must be non-empty",
            "Bad Request: PHOTO_INVALID_DIMENSIONS",
            "Bad Request: IMAGE_PROCESS_FAILED",
            "can't parse entities: no prefix",
        ] {
            assert_eq!(refused(400, description), Outcome::Payload(description.to_owned()));
        }
    }

    #[test]
    fn a_refused_token_stops_the_bot() {
        assert_eq!(refused(401, "Unauthorized"), Outcome::Token("Unauthorized".to_owned()));
        assert_eq!(refused(404, "Not Found"), Outcome::Token("Not Found".to_owned()));
    }

    #[test]
    fn an_unknown_refusal_is_rejected_with_its_words() {
        for (code, description) in [
            (400, "Bad Request: query is too old"),
            (400, "Bad Request: the moon is full"),
            (402, "Payment Required"),
            (403, "Forbidden: bot can't send messages to bots"),
            (406, "Not Acceptable"),
            (
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot \
                 instance is running",
            ),
            (
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook",
            ),
            (420, ""),
            (499, "é"),
        ] {
            let outcome = Outcome::Rejected { code, description: description.to_owned() };
            assert_eq!(refused(code, description), outcome);
        }
    }

    #[test]
    fn the_code_goes_before_the_words() {
        let words = "Forbidden: bot was blocked by the user";
        assert_eq!(refused(500, words), Outcome::Unknown);
        assert!(matches!(refused(409, words), Outcome::Rejected { code: 409, .. }));
        assert!(matches!(refused(400, words), Outcome::Rejected { code: 400, .. }));
        let body =
            br#"{"ok":false,"error_code":403,"description":"Forbidden: user is deactivated"}"#;
        assert_eq!(judge(502, body, None), Outcome::Gone(Gone::Deactivated));
    }

    #[test]
    fn without_a_code_that_of_http_counts() {
        let body = br#"{"ok":false,"description":"Forbidden: bot was blocked by the user"}"#;
        assert_eq!(judge(403, body, None), BLOCKED);
        assert_eq!(judge(200, body, None), Outcome::Unknown);
        let odd =
            br#"{"ok":false,"error_code":"403","description":"Forbidden: user is deactivated"}"#;
        assert_eq!(judge(403, odd, None), Outcome::Gone(Gone::Deactivated));
    }

    #[test]
    fn a_group_that_became_a_supergroup_is_followed() {
        let with = br#"{"ok":false,"error_code":400,
            "description":"Bad Request: group chat was upgraded to a supergroup chat",
            "parameters":{"migrate_to_chat_id":-1001234567890}}"#;
        assert_eq!(judge(400, with, None), Outcome::Migrated(ChatId(-1_001_234_567_890)));
        let without = "Bad Request: group chat was upgraded to a supergroup chat";
        assert!(matches!(refused(400, without), Outcome::Rejected { code: 400, .. }));
    }

    #[test]
    fn a_429_says_how_long_to_wait() {
        let wait = |body: &[u8], header| {
            let outcome = judge(429, body, header);
            let Outcome::Throttled { retry_after } = outcome else { panic!("{outcome:?}") };
            retry_after.as_secs()
        };
        let parameters = br#"{"ok":false,"error_code":429,
            "description":"Too Many Requests: retry after 7","parameters":{"retry_after":35}}"#;
        assert_eq!(wait(parameters, Some("9")), 35, "the parameter goes first");
        let bare =
            br#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7"}"#;
        assert_eq!(wait(bare, Some("9")), 9, "then the header");
        assert_eq!(wait(bare, None), 7, "then the words");
        assert_eq!(wait(bare, Some("Wed, 21 Oct 2026 07:28:00 GMT")), 7, "a date is not read");
        let silent = br#"{"ok":false,"error_code":429,"description":"Too Many Requests"}"#;
        assert_eq!(wait(silent, None), 3, "then our own");
        assert_eq!(wait(b"<html>429</html>", Some("3")), 3, "a gateway's 429 is one too");
        assert_eq!(wait(b"", None), 3);
        let none = br#"{"ok":false,"error_code":429,"parameters":{"retry_after":0}}"#;
        assert_eq!(wait(none, None), 1);
        let ages =
            br#"{"ok":false,"error_code":429,"parameters":{"retry_after":18446744073709551615}}"#;
        assert_eq!(wait(ages, None), 86_400);
        let odd = br#"{"ok":false,"error_code":429,"parameters":{"retry_after":"soon"}}"#;
        assert_eq!(wait(odd, Some("4")), 4);
    }

    #[test]
    fn a_page_of_a_gateway_proves_nothing() {
        let page =
            b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body></html>";
        for status in [200, 302, 400, 403, 404, 408, 413, 500, 502, 503, 504] {
            assert_eq!(judge(status, page, None), Outcome::Unknown, "{status}");
            assert_eq!(judge(status, b"", None), Outcome::Unknown, "{status}");
            assert_eq!(judge(status, b"{}", None), Outcome::Unknown, "{status}");
            assert_eq!(judge(status, b"[]", None), Outcome::Unknown, "{status}");
        }
    }

    #[test]
    fn a_success_is_a_success_whatever_it_carries() {
        let whole =
            br#"{"ok":true,"result":{"message_id":42,"chat":{"id":7},"date":1,"text":"x"}}"#;
        assert_eq!(judge(200, whole, None), Outcome::Delivered(MessageId(42)));
        for body in [
            r#"{"ok":true,"result":true}"#,
            r#"{"ok":true,"result":{"message_id":"forty-two"}}"#,
            r#"{"ok":true,"result":{"message_id":null}}"#,
            r#"{"ok":true,"result":{"id":7,"is_bot":true}}"#,
            r#"{"ok":true,"result":[]}"#,
            r#"{"ok":true}"#,
        ] {
            assert_eq!(judge(200, body.as_bytes(), None), Outcome::Delivered(UNNUMBERED), "{body}");
        }
    }

    #[test]
    fn a_success_cut_short_at_any_byte_is_unknown() {
        let whole = br#"{"ok":true,"result":{"message_id":42,"date":1}}"#;
        for end in 0..whole.len() {
            assert_eq!(judge(200, &whole[..end], None), Outcome::Unknown, "{end}");
        }
        assert_eq!(judge(200, whole, None), Outcome::Delivered(MessageId(42)));
    }

    #[test]
    fn a_long_description_is_cut_between_characters() {
        let Outcome::Rejected { description, .. } = refused(400, &"щ".repeat(10_000)) else {
            panic!("it is in no table")
        };
        assert_eq!(description.chars().count(), DESCRIPTION_MAX);
    }
}
