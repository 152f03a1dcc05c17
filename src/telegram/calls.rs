//! What is asked once, at the start: who we are, that nobody else reads our updates, what the menu
//! shows.
//!
//! Deliberately absent: trying again. Who starts the bot knows how long to insist.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use teloxide::{
    payloads::{DeleteWebhook, GetChatMemberCount, SetMyCommands, SetMyCommandsSetters as _},
    types as tg,
};

use super::{
    body::bytes_of,
    verdict::{Answer, Refusal},
    wire::{Lost, Method, Reply, Wire},
};
use crate::domain::{
    ids::{BotId, ChatId},
    lang::Lang,
};

/// A bot, as Telegram knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// Its number.
    pub bot: BotId,
    /// Its name, without `@`.
    pub username: String,
}

/// Whose menu shows a list of commands. `// Bot API: BotCommandScope`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everyone's who has no narrower one.
    Default,
    /// That of all private chats.
    PrivateChats,
    /// That of one chat.
    Chat(ChatId),
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    /// 401 or 404: only a new token helps.
    #[error("Telegram refuses the bot's token")]
    Token,
    /// 429.
    #[error("Telegram asks to wait {0:?}")]
    Throttled(Duration),
    /// Another refusal: trying again does not help.
    #[error("Telegram refuses: {code} {description}")]
    Refused {
        /// The Bot API's `error_code`.
        code: u16,
        /// Its `description`.
        description: String,
    },
    /// Nothing was sent: no connection.
    #[error("no connection to Telegram")]
    Unreachable,
    /// Anything that passes: a time-out, 5xx, a broken answer. The text has no address in it.
    #[error("{0}")]
    Passing(String),
}

impl Wire {
    /// Who we are. `// Bot API: getMe`
    ///
    /// # Errors
    /// If Telegram refuses or can't be reached.
    pub async fn me(&self) -> Result<Me, CallFault> {
        let me = self.ask(Method::GetMe, &serde_json::json!({})).await?;
        let read = || {
            let bot = BotId(me["id"].as_i64()?);
            Some(Me { bot, username: me["username"].as_str()?.to_owned() })
        };
        read().ok_or_else(|| CallFault::Passing("the bot is not described".to_owned()))
    }

    /// How many members a chat has. `// Bot API: getChatMemberCount`
    ///
    /// # Errors
    /// If Telegram refuses or can't be reached.
    pub async fn member_count(&self, chat: ChatId) -> Result<u64, CallFault> {
        let call = GetChatMemberCount::new(tg::ChatId(chat.0));
        let count = self.ask(Method::GetChatMemberCount, &call).await?;
        count.as_u64().ok_or_else(|| CallFault::Passing("members are not a number".to_owned()))
    }

    /// Takes away the webhook, without which updates can be read; those that wait are kept.
    /// `// Bot API: deleteWebhook`
    ///
    /// # Errors
    /// If Telegram refuses or can't be reached.
    pub async fn delete_webhook(&self) -> Result<(), CallFault> {
        self.ask(Method::DeleteWebhook, &DeleteWebhook::new()).await.map(drop)
    }

    /// Sets what the menu offers: names without slash, and what they do. In `lang`, or in every
    /// language that has no list of its own. `// Bot API: setMyCommands`
    ///
    /// # Errors
    /// If Telegram refuses or can't be reached.
    pub async fn set_commands(
        &self,
        scope: Scope,
        lang: Option<Lang>,
        commands: &[(&str, &str)],
    ) -> Result<(), CallFault> {
        let commands = commands.iter().map(|(name, what)| tg::BotCommand::new(*name, *what));
        let mut call = SetMyCommands::new(commands).scope(match scope {
            Scope::Default => tg::BotCommandScope::Default,
            Scope::PrivateChats => tg::BotCommandScope::AllPrivateChats,
            Scope::Chat(ChatId(chat)) => {
                tg::BotCommandScope::Chat { chat_id: tg::ChatId(chat).into() }
            }
        });
        if let Some(lang) = lang {
            call = call.language_code(lang.code());
        }
        self.ask(Method::SetMyCommands, &call).await.map(drop)
    }

    async fn ask(&self, method: Method, json: &impl Serialize) -> Result<Value, CallFault> {
        match self.call(method, bytes_of(json)).await {
            Ok(reply) => answer(&reply),
            Err(Lost::Before) => Err(CallFault::Unreachable),
            Err(lost @ (Lost::Late | Lost::Broken)) => {
                Err(CallFault::Passing(lost.words().to_owned()))
            }
        }
    }
}

/// What was answered, or why it is no answer.
fn answer(reply: &Reply) -> Result<Value, CallFault> {
    let header = reply.retry_after.as_deref();
    match Answer::read(&reply.body) {
        Answer::Done => {
            let read = serde_json::from_slice(&reply.body).ok();
            Ok(read.map(|mut envelope: Value| envelope["result"].take()).unwrap_or_default())
        }
        Answer::Refused(refusal) => Err(match refusal.code(reply.status) {
            401 | 404 => CallFault::Token,
            429 => CallFault::Throttled(refusal.wait(header)),
            code @ 400..500 => CallFault::Refused { code, description: refusal.description() },
            code => {
                let said = refusal.description();
                CallFault::Passing(format!("Telegram answers {code}: {said}"))
            }
        }),
        Answer::Foreign if reply.status == 429 => {
            Err(CallFault::Throttled(Refusal::default().wait(header)))
        }
        Answer::Foreign => {
            let status = reply.status;
            Err(CallFault::Passing(format!("no answer of Telegram's; HTTP status {status}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            stand::{ok, serve},
            tokens::Token,
            wire::Options,
        },
        *,
    };

    fn read(status: u16, body: &str) -> Result<Value, CallFault> {
        answer(&Reply { status, retry_after: Some("3".to_owned()), body: body.into() })
    }

    #[test]
    fn the_kinds_of_failure_are_told_apart() {
        assert_eq!(read(200, r#"{"ok":true,"result":7}"#), Ok(7.into()));
        let refused = |code: u16| {
            read(code, &format!(r#"{{"ok":false,"error_code":{code},"description":"No"}}"#))
        };
        assert_eq!(refused(401), Err(CallFault::Token));
        assert_eq!(refused(404), Err(CallFault::Token));
        let three = Duration::from_secs(3);
        assert_eq!(refused(429), Err(CallFault::Throttled(three)));
        let no = CallFault::Refused { code: 400, description: "No".to_owned() };
        assert_eq!(refused(400), Err(no));
        assert!(matches!(refused(500), Err(CallFault::Passing(_))));
        assert_eq!(read(429, "<html>"), Err(CallFault::Throttled(three)));
        assert!(matches!(read(404, "<html>"), Err(CallFault::Passing(_))));
        assert!(matches!(read(200, r#"{"ok":true,"res"#), Err(CallFault::Passing(_))));
    }

    #[tokio::test]
    async fn the_calls_of_the_start_say_what_they_should() {
        let server = serve(ok(r#"{"ok":true,"result":{"id":7654321,"username":"bell_bot"}}"#));
        let token = Token::parse("7654321:x").unwrap();
        let api_url = format!("http://{}", server.address);
        let wire = Wire::new(&token, &Options { api_url, ..Options::default() }).unwrap();
        let me = Me { bot: BotId(7_654_321), username: "bell_bot".to_owned() };
        assert_eq!(wire.me().await, Ok(me));
        assert!(server.requests.recv().unwrap().contains("/getme "));

        assert_eq!(wire.delete_webhook().await, Ok(()));
        let request = server.requests.recv().unwrap();
        assert!(request.contains("/deletewebhook ") && !request.contains("drop_pending"));

        let commands = [("alert", "Raise an alert")];
        wire.set_commands(Scope::Chat(ChatId(7)), Some(Lang::Uk), &commands).await.unwrap();
        let request = server.requests.recv().unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("/setmycommands "));
        let asked: serde_json::Value = serde_json::from_str(body).unwrap();
        let expected = serde_json::json!({
            "commands": [{"command": "alert", "description": "Raise an alert"}],
            "scope": {"type": "chat", "chat_id": 7},
            "language_code": "uk",
        });
        assert_eq!(asked, expected);
    }
}
