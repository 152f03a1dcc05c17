//! One bot's connection to a Bot API server.
//!
//! Sending and polling have a client each, so that a poll that hangs for a minute never stands before
//! an alert. Connections are HTTP/1.1, kept alive, and can be opened ahead ([`Wire::warm`]): under
//! HTTP/2 one lost packet would hold up every message behind it.
//!
//! # What is proved
//!
//! - Not sent: the request could not be built, the name was not found, the connection or TLS failed.
//!   reqwest calls all but the first `is_connect`.
//! - Not sent, and tried again by hyper itself: a kept connection turned out to be closed before a
//!   byte of the request was taken. We never see it.
//! - Unknown: all else, be it a time-out, a reset, half an answer. hyper does not tell whether the
//!   other side has read what was written.
//!
//! Errors of reqwest carry the URL and the URL carries the token: none leaves this room.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::{
    Client, ClientBuilder, Response, Url,
    header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER},
    multipart::Form,
    redirect,
};
use teloxide::{
    payloads::{AnswerCallbackQuery, AnswerCallbackQuerySetters as _},
    types::CallbackQueryId,
};
use tokio::task::JoinSet;

use super::{
    body::{Body, bytes_of},
    tokens::Token,
    updates, upload, verdict,
};
use crate::{
    domain::{
        delivery::Outcome,
        ids::{BotId, ChatId, MessageId, UpdateId},
        letter::{Message, Picture},
    },
    ports::courier::{Courier, Extras, FetchFault, Incoming},
};

/// Where the Bot API is, unless someone stands in for it.
const API_URL: &str = "https://api.telegram.org";
/// How long a connection may take with name and TLS; a healthy one takes a fifth of a second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a call may take in all: the server sleeps up to 8 s on a flood before it answers, and an
/// answer missed makes a copy.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(28);
/// How much longer than it was asked to Telegram may hold a poll.
const POLL_MARGIN: Duration = Duration::from_secs(10);
/// Idle connections kept: more than a bot ever has in flight (400). With fewer, answers that come
/// together close connections that the next messages open again: at full speed one message in twelve
/// paid for a connection, and a tenth of the processor went there.
const IDLE_MAX: usize = 512;
/// How long an idle connection is kept: Telegram drops older ones without a word.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// How often TCP asks whether the other side is there, so that a dead connection is found out.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Connections opened ahead at most: far below the 500 in flight at which a token is throttled.
const WARM_MAX: usize = 128;
/// Longest answer to a call, in bytes. A message of 4096 characters, each written as two escapes,
/// with its entities and buttons and what it replies to, stays below.
const ANSWER_MAX: usize = 256 * 1024;
/// Longest answer to a poll: as many of these as there may be updates.
const UPDATES_ANSWER_MAX: usize = ANSWER_MAX * updates::UPDATES_MAX as usize;
/// Longest text of a toast, in characters. `// Bot API: answerCallbackQuery.text`
const TOAST_MAX: usize = 200;

const USER_AGENT: &str = concat!("nabat/", env!("CARGO_PKG_VERSION"));
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What may be set about a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The address before `/bot<token>/`.
    pub api_url: String,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long a call may take in all.
    pub total_timeout: Duration,
    /// How much longer than it was asked to the server may hold a poll.
    pub poll_margin: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            api_url: API_URL.to_owned(),
            connect_timeout: CONNECT_TIMEOUT,
            total_timeout: TOTAL_TIMEOUT,
            poll_margin: POLL_MARGIN,
        }
    }
}

/// Why there can be no connection at all.
#[derive(Debug, thiserror::Error)]
pub enum WireFault {
    /// The address is none.
    #[error("the Bot API's address {0}")]
    Address(&'static str),
    /// The machine's certificates can't be read, or the like.
    #[error("the HTTP client can't be set up")]
    Client(#[source] reqwest::Error),
}

/// One bot's connection. Clones share it.
#[derive(Clone)]
pub struct Wire(Arc<Inner>);

struct Inner {
    bot: BotId,
    host: String,
    addresses: [Url; Method::ALL.len()],
    send: Client,
    poll: Client,
    poll_margin: Duration,
}

/// The methods we call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    SendMessage,
    SendPhoto,
    EditMessageText,
    AnswerCallbackQuery,
    GetMe,
    GetChatMemberCount,
    GetUpdates,
    DeleteWebhook,
    SetMyCommands,
}

impl Method {
    const ALL: [Self; 9] = [
        Self::SendMessage,
        Self::SendPhoto,
        Self::EditMessageText,
        Self::AnswerCallbackQuery,
        Self::GetMe,
        Self::GetChatMemberCount,
        Self::GetUpdates,
        Self::DeleteWebhook,
        Self::SetMyCommands,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::SendMessage => "sendMessage",
            Self::SendPhoto => "sendPhoto",
            Self::EditMessageText => "editMessageText",
            Self::AnswerCallbackQuery => "answerCallbackQuery",
            Self::GetMe => "getMe",
            Self::GetChatMemberCount => "getChatMemberCount",
            Self::GetUpdates => "getUpdates",
            Self::DeleteWebhook => "deleteWebhook",
            Self::SetMyCommands => "setMyCommands",
        }
    }
}

/// Why there is no answer at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// Provably nothing was sent.
    Before,
    /// No answer in time.
    Late,
    /// The connection broke.
    Broken,
}

impl Lost {
    /// What is told of it. No address, no token.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Before => "no connection to Telegram",
            Self::Late => "no answer from Telegram in time",
            Self::Broken => "the connection to Telegram broke",
        }
    }
}

/// By value: an error with the token in it goes no further.
impl From<reqwest::Error> for Lost {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let lost = if error.is_builder() || error.is_connect() {
            Self::Before
        } else if error.is_timeout() {
            Self::Late
        } else {
            Self::Broken
        };
        tracing::debug!(?error, ?lost, "a call got no answer");
        lost
    }
}

/// An answer as it came.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) retry_after: Option<String>,
    /// Empty if it did not come whole.
    pub(super) body: Vec<u8>,
}

impl Wire {
    /// Makes ready to talk; nothing is sent yet.
    ///
    /// # Errors
    /// If the address is none, or the HTTP client can't be set up.
    pub fn new(token: &Token, options: &Options) -> Result<Self, WireFault> {
        let api = address(&options.api_url)?;
        let base = format!("{}/bot{}", api.as_str().trim_end_matches('/'), token.expose());
        let mut addresses = Method::ALL.map(|_| api.clone());
        for (address, method) in addresses.iter_mut().zip(Method::ALL) {
            *address = Url::parse(&format!("{base}/{}", method.name()))
                .map_err(|_| WireFault::Address("is no URL"))?;
        }
        let client = |builder: ClientBuilder| {
            builder.build().map_err(|error| WireFault::Client(error.without_url()))
        };
        Ok(Self(Arc::new(Inner {
            bot: token.bot(),
            host: api.host_str().unwrap_or_default().to_owned(),
            addresses,
            send: client(builder(&api, options).timeout(options.total_timeout))?,
            poll: client(builder(&api, options))?,
            poll_margin: options.poll_margin,
        })))
    }

    /// Whose connection it is.
    #[must_use]
    pub fn bot(&self) -> BotId {
        self.0.bot
    }

    /// Opens connections ahead, at most 128 of them, and says how many calls got through. They are
    /// kept for 30 seconds.
    pub async fn warm(&self, connections: usize) -> usize {
        let mut calls = JoinSet::new();
        for _ in 0..connections.min(WARM_MAX) {
            let wire = self.clone();
            calls.spawn(async move { matches!(wire.ping().await, Outcome::Delivered(_)) });
        }
        let mut through = 0;
        while let Some(call) = calls.join_next().await {
            through += usize::from(call.unwrap_or(false));
        }
        through
    }

    /// One call, and whatever is answered.
    pub(super) async fn call(
        &self,
        method: Method,
        json: impl Into<reqwest::Body>,
    ) -> Result<Reply, Lost> {
        let request = self.0.send.post(self.address(method)).header(CONTENT_TYPE, JSON).body(json);
        Ok(Reply::read(request.send().await?, ANSWER_MAX).await)
    }

    /// One call with a file in it, and whatever is answered.
    async fn upload(&self, method: Method, form: Form) -> Result<Reply, Lost> {
        let request = self.0.send.post(self.address(method)).multipart(form);
        Ok(Reply::read(request.send().await?, ANSWER_MAX).await)
    }

    /// One call, and what became of it.
    async fn outcome(&self, method: Method, json: impl Into<reqwest::Body>) -> Outcome {
        Self::judge(self.call(method, json).await)
    }

    fn judge(answer: Result<Reply, Lost>) -> Outcome {
        match answer {
            Ok(reply) => verdict::judge(reply.status, &reply.body, reply.retry_after.as_deref()),
            Err(Lost::Before) => Outcome::NotSent,
            Err(Lost::Late | Lost::Broken) => Outcome::Unknown,
        }
    }

    async fn poll(&self, offset: Option<UpdateId>, wait: Duration) -> Result<Reply, Lost> {
        let wait = wait.min(updates::WAIT_MAX);
        let mut query = serde_json::json!({
            "timeout": wait.as_secs(),
            "limit": updates::UPDATES_MAX,
            "allowed_updates": updates::ALLOWED,
        });
        if let Some(UpdateId(offset)) = offset {
            query["offset"] = offset.into();
        }
        let request = self
            .0
            .poll
            .post(self.address(Method::GetUpdates))
            .timeout(wait + self.0.poll_margin)
            .header(CONTENT_TYPE, JSON)
            .body(bytes_of(&query));
        Ok(Reply::read(request.send().await?, UPDATES_ANSWER_MAX).await)
    }

    fn address(&self, method: Method) -> Url {
        self.0.addresses[method as usize].clone()
    }
}

impl Courier for Wire {
    type Body = Body;

    fn prepare(&self, message: &Message) -> Body {
        Body::new(message)
    }

    async fn send(&self, chat: ChatId, body: &Body, with: Extras) -> Outcome {
        self.outcome(Method::SendMessage, body.to_send(chat, with)).await
    }

    async fn edit(&self, chat: ChatId, message: MessageId, body: &Body) -> Outcome {
        let outcome = self.outcome(Method::EditMessageText, body.to_edit(chat, message)).await;
        // Bot API: editMessageText may answer `true`; which message it was is known.
        if matches!(outcome, Outcome::Delivered(_)) { Outcome::Delivered(message) } else { outcome }
    }

    async fn photo(&self, chat: ChatId, picture: &Picture) -> Outcome {
        let form = upload::photo(chat, picture);
        Self::judge(self.upload(Method::SendPhoto, form).await)
    }

    async fn members(&self, chat: ChatId) -> Option<u64> {
        self.member_count(chat).await.ok()
    }

    async fn toast(&self, callback: &str, text: &str) -> Outcome {
        let mut answer = AnswerCallbackQuery::new(CallbackQueryId(callback.to_owned()));
        if !text.is_empty() {
            answer = answer.text(shortened(text, TOAST_MAX));
        }
        self.outcome(Method::AnswerCallbackQuery, bytes_of(&answer)).await
    }

    async fn ping(&self) -> Outcome {
        self.outcome(Method::GetMe, "{}").await
    }

    async fn updates(
        &self,
        offset: Option<UpdateId>,
        wait: Duration,
    ) -> Result<Vec<Incoming>, FetchFault> {
        match self.poll(offset, wait).await {
            Ok(reply) => updates::read(reply.status, &reply.body, reply.retry_after.as_deref()),
            Err(lost) => Err(FetchFault::Passing(lost.words().to_owned())),
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wire(bot {} at {})", self.0.bot.0, self.0.host)
    }
}

impl Reply {
    async fn read(mut response: Response, max: usize) -> Self {
        let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let mut reply = Self {
            status: response.status().as_u16(),
            retry_after: header.map(str::to_owned),
            body: Vec::new(),
        };
        loop {
            match response.chunk().await.map_err(Lost::from) {
                Ok(Some(chunk)) if reply.body.len() + chunk.len() <= max => {
                    reply.body.extend_from_slice(&chunk);
                }
                Ok(None) => return reply,
                // Half an answer is none.
                Ok(Some(_)) | Err(_) => {
                    reply.body.clear();
                    return reply;
                }
            }
        }
    }
}

/// Reads the address of a Bot API server.
fn address(text: &str) -> Result<Url, WireFault> {
    let url = Url::parse(text).map_err(|_| WireFault::Address("is no URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(WireFault::Address("must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(WireFault::Address("must have no user and no password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(WireFault::Address("must have no query and no fragment"));
    }
    Ok(url)
}

fn builder(api: &Url, options: &Options) -> ClientBuilder {
    let builder = Client::builder()
        .user_agent(USER_AGENT)
        .http1_only()
        .redirect(redirect::Policy::none())
        .connect_timeout(options.connect_timeout)
        .pool_max_idle_per_host(IDLE_MAX)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tcp_nodelay(true)
        .tcp_keepalive(KEEPALIVE);
    // A server on this machine is not behind the proxy that leads out of it.
    let here = match api.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host.parse().is_ok_and(|ip: std::net::Ipv4Addr| ip.is_loopback()),
        None => false,
    };
    if here { builder.no_proxy() } else { builder }
}

/// A text of at most so many characters.
pub(super) fn shortened(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            calls::CallFault,
            stand::{Act, Server, answer, nobody, ok, serve},
        },
        *,
    };

    const SECRET: &str = "AAF-do_not_show";
    const SENT: &str = r#"{"ok":true,"result":{"message_id":42,"date":1}}"#;
    const CHAT: ChatId = ChatId(7);
    const PATIENCE: Duration = Duration::from_secs(10);

    fn options(api_url: String) -> Options {
        Options { api_url, total_timeout: Duration::from_millis(400), ..Options::default() }
    }

    fn wire(api_url: String) -> Wire {
        let token = Token::parse(&format!("7654321:{SECRET}")).unwrap();
        Wire::new(&token, &options(api_url)).unwrap()
    }

    fn wire_to(server: &Server) -> Wire {
        wire(format!("http://{}", server.address))
    }

    async fn send(wire: &Wire) -> Outcome {
        let body = wire.prepare(&Message::plain("Тревога"));
        wire.send(CHAT, &body, Extras::default()).await
    }

    async fn sent_to(act: Act) -> Outcome {
        send(&wire_to(&serve(act))).await
    }

    #[tokio::test]
    async fn a_message_goes_out_byte_for_byte() {
        let server = serve(ok(SENT));
        assert_eq!(send(&wire_to(&server)).await, Outcome::Delivered(MessageId(42)));
        let request = server.requests.recv().unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let mut lines: Vec<_> = head.lines().collect();
        lines[1..].sort_unstable();
        let first = format!("post /bot7654321:{SECRET}/sendmessage http/1.1").to_lowercase();
        assert_eq!(
            lines,
            [
                first.as_str(),
                "accept: */*",
                &format!("content-length: {}", body.len()),
                "content-type: application/json",
                &format!("host: {}", server.address),
                &format!("user-agent: {USER_AGENT}"),
            ]
        );
        let sent = r#"{"chat_id":7,"text":"Тревога","link_preview_options":{"is_disabled":true}}"#;
        assert_eq!(body, sent);
    }

    #[tokio::test]
    async fn an_address_with_a_path_is_kept() {
        let server = serve(ok(SENT));
        let wire = wire(format!("http://{}/stand/in/", server.address));
        assert_eq!(send(&wire).await, Outcome::Delivered(MessageId(42)));
        assert!(server.requests.recv().unwrap().starts_with("post /stand/in/bot7654321:"));
    }

    #[tokio::test]
    async fn an_edit_that_is_answered_true_knows_its_message() {
        let server = serve(ok(r#"{"ok":true,"result":true}"#));
        let wire = wire_to(&server);
        let body = wire.prepare(&Message::plain("x"));
        let outcome = wire.edit(CHAT, MessageId(9), &body).await;
        assert_eq!(outcome, Outcome::Delivered(MessageId(9)));
        let request = server.requests.recv().unwrap();
        assert!(request.contains("/editmessagetext "));
        assert!(request.ends_with(
            r#"{"chat_id":7,"message_id":9,"text":"x","link_preview_options":{"is_disabled":true}}"#
        ));
    }

    #[tokio::test]
    async fn a_refusal_is_understood() {
        let blocked = r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#;
        let outcome = sent_to(Act::Answer(answer("403 Forbidden", blocked))).await;
        assert_eq!(outcome, Outcome::Gone(crate::domain::delivery::Gone::Blocked));
    }

    #[tokio::test]
    async fn where_nobody_listens_nothing_was_sent() {
        assert_eq!(send(&wire(nobody())).await, Outcome::NotSent);
    }

    #[tokio::test]
    async fn without_tls_nothing_was_sent() {
        let server = serve(Act::Drop);
        assert_eq!(send(&wire(format!("https://{}", server.address))).await, Outcome::NotSent);
    }

    #[tokio::test]
    async fn tls_that_never_answers_means_nothing_was_sent() {
        let server = serve(Act::Hang);
        let token = Token::parse("1:x").unwrap();
        let options = Options {
            connect_timeout: Duration::from_millis(100),
            ..options(format!("https://{}", server.address))
        };
        assert_eq!(send(&Wire::new(&token, &options).unwrap()).await, Outcome::NotSent);
    }

    #[tokio::test]
    async fn a_connection_closed_after_the_request_leaves_doubt() {
        assert_eq!(sent_to(Act::Say(String::new())).await, Outcome::Unknown);
    }

    #[tokio::test]
    async fn half_an_answer_leaves_doubt() {
        let whole = answer("200 OK", SENT);
        for end in [9, 17, whole.len() - SENT.len(), whole.len() - 20, whole.len() - 1] {
            assert_eq!(sent_to(Act::Say(whole[..end].to_owned())).await, Outcome::Unknown, "{end}");
        }
        let unmeasured = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", &SENT[..30]);
        assert_eq!(sent_to(Act::Say(unmeasured)).await, Outcome::Unknown);
    }

    #[tokio::test]
    async fn an_endless_answer_leaves_doubt() {
        let body = format!(r#"{{"ok":true,"result":"{}"}}"#, "x".repeat(ANSWER_MAX));
        assert_eq!(sent_to(Act::Answer(answer("200 OK", &body))).await, Outcome::Unknown);
    }

    #[tokio::test]
    async fn no_answer_in_time_leaves_doubt() {
        assert_eq!(sent_to(Act::Hang).await, Outcome::Unknown);
    }

    #[tokio::test]
    async fn a_page_of_a_gateway_leaves_doubt() {
        let page = answer("502 Bad Gateway", "<html><h1>502 Bad Gateway</h1>nginx</html>");
        assert_eq!(sent_to(Act::Answer(page)).await, Outcome::Unknown);
    }

    #[tokio::test]
    async fn a_throttle_cut_short_is_still_a_refusal() {
        let words =
            "HTTP/1.1 429 Too Many Requests\r\nretry-after: 35\r\ncontent-length: 99\r\n\r\n{";
        let retry_after = Duration::from_secs(35);
        let outcome = sent_to(Act::Say(words.to_owned())).await;
        assert_eq!(outcome, Outcome::Throttled { retry_after });
    }

    #[tokio::test]
    async fn a_redirection_is_not_followed() {
        let elsewhere = serve(ok(SENT));
        let words = format!(
            "HTTP/1.1 307 Go\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n",
            elsewhere.address
        );
        assert_eq!(sent_to(Act::Answer(words)).await, Outcome::Unknown);
        assert!(elsewhere.accepted.try_recv().is_err());
    }

    #[tokio::test]
    async fn connections_are_opened_ahead_and_used_again() {
        let server = serve(ok(SENT));
        let wire = wire_to(&server);
        assert_eq!(wire.warm(5).await, 5);
        for _ in 0..5 {
            server.accepted.recv_timeout(PATIENCE).expect("a connection was opened");
        }
        for _ in 0..10 {
            assert_eq!(send(&wire).await, Outcome::Delivered(MessageId(42)));
        }
        assert_eq!(server.accepted.try_iter().count(), 0, "a new connection was opened");
        assert_eq!(server.requests.try_iter().count(), 15);
    }

    #[tokio::test]
    async fn a_cold_server_is_not_called_warm() {
        assert_eq!(wire(nobody()).warm(2).await, 0);
    }

    #[tokio::test]
    async fn a_toast_is_cut_to_what_telegram_shows() {
        let server = serve(ok(r#"{"ok":true,"result":true}"#));
        let wire = wire_to(&server);
        assert!(matches!(wire.toast("c1", &"щ".repeat(201)).await, Outcome::Delivered(_)));
        let cut = format!(r#"{{"callback_query_id":"c1","text":"{}…"}}"#, "щ".repeat(199));
        assert!(server.requests.recv().unwrap().ends_with(&cut));
        wire.toast("c2", "").await;
        assert!(server.requests.recv().unwrap().ends_with(r#"{"callback_query_id":"c2"}"#));
        wire.toast("c3", &"щ".repeat(200)).await;
        assert!(server.requests.recv().unwrap().ends_with(&format!("\"{}\"}}", "щ".repeat(200))));
    }

    #[tokio::test]
    async fn updates_are_asked_for_from_where_we_stopped() {
        let server = serve(ok(r#"{"ok":true,"result":[{"update_id":9,"poll":{}}]}"#));
        let wire = wire_to(&server);
        let updates = wire.updates(Some(UpdateId(9)), Duration::from_mins(10)).await.unwrap();
        assert_eq!(updates.len(), 1);
        let request = server.requests.recv().unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("/getupdates "));
        let asked: serde_json::Value = serde_json::from_str(body).unwrap();
        let expected = serde_json::json!({
            "offset": 9,
            "limit": 100,
            "timeout": 50,
            "allowed_updates": [
                "message", "edited_message", "channel_post", "callback_query", "my_chat_member",
            ],
        });
        assert_eq!(asked, expected);
        wire.updates(None, Duration::ZERO).await.unwrap();
        assert!(!server.requests.recv().unwrap().contains("offset"));
    }

    #[tokio::test]
    async fn a_poll_may_take_longer_than_a_call_but_not_forever() {
        let server = serve(Act::Hang);
        let token = Token::parse("1:x").unwrap();
        let options = Options {
            total_timeout: Duration::from_millis(1),
            poll_margin: Duration::from_millis(200),
            ..options(format!("http://{}", server.address))
        };
        let wire = Wire::new(&token, &options).unwrap();
        let fault = wire.updates(None, Duration::ZERO).await.unwrap_err();
        assert_eq!(fault, FetchFault::Passing(Lost::Late.words().to_owned()));
        assert!(server.requests.try_recv().is_ok(), "the poll went out");
    }

    #[tokio::test]
    async fn the_token_is_in_nothing_that_can_be_printed() {
        let plain = |server: &Server| format!("http://{}", server.address);
        let page = serve(Act::Answer(answer("502 Bad Gateway", "<html>")));
        let (closing, hanging) = (serve(Act::Say(String::new())), serve(Act::Hang));
        let addresses = [nobody(), plain(&page), plain(&closing), plain(&hanging)];
        for address in addresses {
            let token = Token::parse(&format!("7654321:{SECRET}")).unwrap();
            let options = Options { poll_margin: Duration::from_millis(200), ..options(address) };
            let wire = Wire::new(&token, &options).unwrap();
            let lost = Lost::from(wire.0.send.get("nonsense").send().await.unwrap_err());
            let fetch = wire.updates(None, Duration::ZERO).await.unwrap_err();
            let call: CallFault = wire.me().await.unwrap_err();
            let outcome = send(&wire).await;
            let shown = format!(
                "{token} {token:?} {options:?} {wire:?} {lost:?} {fetch} {fetch:?} {call} {call:?} {outcome:?}"
            );
            assert!(!shown.contains(SECRET), "{shown}");
            assert!(!format!("{fetch}{call}").contains("127.0.0.1"), "{fetch} {call}");
        }
    }

    /// All that is logged, down to TRACE.
    #[derive(Clone, Default)]
    struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn the_token_is_in_no_log() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        let server = serve(Act::Say(String::new()));
        send(&wire_to(&server)).await;
        send(&wire(nobody())).await;
        drop(guard);
        let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(logged.contains("a call got no answer"), "{logged}");
        assert!(!logged.contains(SECRET), "{logged}");
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        let token = Token::parse(&format!("1:{SECRET}")).unwrap();
        for text in ["", "api", "ftp://x", "http://", "http://u:p@x", "http://x?y", "http://x#y"] {
            let fault = Wire::new(&token, &options(text.to_owned())).unwrap_err();
            assert!(matches!(fault, WireFault::Address(_)), "{text}");
            assert!(!format!("{fault} {fault:?}").contains(SECRET));
        }
    }

    #[test]
    fn every_method_has_its_own_address() {
        let wire = wire("http://localhost/".to_owned());
        for method in Method::ALL {
            let end = format!("/{}", method.name());
            assert!(wire.address(method).path().ends_with(&end), "{method:?}");
        }
    }
}
