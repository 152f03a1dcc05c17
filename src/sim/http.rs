//! The world as a Bot API server on loopback, for the daemon and any other bot.
//!
//! Role: `/bot{token}/{method}`, GET and POST, parameters as JSON, as a form, with files or in the address;
//! long polling; answers that take their time; connections that really break. Beside it,
//! [`control`] lets a script act as the people and read their phones.
//!
//! Invariants: a call is judged by the world at the moment its handler runs, before any delay of
//! the answer. The world is never locked across a wait. A dropped reply closes the connection
//! without a byte of it.
//!
//! Deliberately absent: TLS, webhooks, and a clock: whoever serves brings a [`Timepiece`].

pub mod control;
mod line;
mod upload;

use std::{
    fmt, io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::Value;
use tokio::net::TcpListener;

use self::line::{Line, Lines};
use super::world::{Body, Called, Files, Params, What, World};
use crate::domain::time::Moment;

/// How often a waiting getUpdates looks for news: well below what a person notices.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A future that a timepiece gives.
pub type Nap = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The clock of whoever serves.
#[derive(Clone)]
pub struct Timepiece {
    now: Arc<dyn Fn() -> Moment + Send + Sync>,
    sleep: Arc<dyn Fn(Duration) -> Nap + Send + Sync>,
}

impl Timepiece {
    /// A clock out of its two halves: what time it is, and how to wait.
    pub fn new(
        now: impl Fn() -> Moment + Send + Sync + 'static,
        sleep: impl Fn(Duration) -> Nap + Send + Sync + 'static,
    ) -> Self {
        Self { now: Arc::new(now), sleep: Arc::new(sleep) }
    }

    fn now(&self) -> Moment {
        (self.now)()
    }

    async fn sleep(&self, how_long: Duration) {
        if !how_long.is_zero() {
            (self.sleep)(how_long).await;
        }
    }
}

impl fmt::Debug for Timepiece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Timepiece")
    }
}

#[derive(Clone, Debug)]
struct Server {
    world: Arc<Mutex<World>>,
    time: Timepiece,
}

impl Server {
    fn world(&self) -> MutexGuard<'_, World> {
        // The world is as it was before whatever panicked: it is changed by whole calls.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the world until the future is dropped.
///
/// # Errors
/// The listener can't be used.
pub async fn serve(
    world: Arc<Mutex<World>>,
    listener: TcpListener,
    time: Timepiece,
) -> io::Result<()> {
    let server = Server { world, time };
    let router = Router::new()
        .route("/control/{name}", get(control::read).post(control::act))
        .route("/control/chat/{id}", get(control::chat))
        .fallback(bot_api)
        .with_state(server);
    let service = router.into_make_service_with_connect_info::<Line>();
    axum::serve(Lines::new(listener), service).await
}

async fn bot_api(
    State(server): State<Server>,
    ConnectInfo(line): ConnectInfo<Line>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = decode(uri.path());
    let call = path.strip_prefix("/bot").and_then(|path| path.split_once('/'));
    let (token, method) = call.unwrap_or_default();
    let Some((params, files)) = parameters(&uri, &headers, &body) else {
        let told = r#"{"ok":false,"error_code":400,"description":"Bad Request: can't parse JSON"}"#;
        return respond(StatusCode::BAD_REQUEST, "application/json", told.to_owned());
    };
    let held_up = server.world().way_in();
    server.time.sleep(held_up).await;
    let mut called = {
        let mut world = server.world();
        world.call_with(token, method, (&params, &files), server.time.now())
    };
    let reply = loop {
        match called {
            Called::Reply(reply) => break reply,
            Called::Wait(poll) => {
                server.time.sleep(LOOK_AGAIN).await;
                called = server.world().poll_again(poll, server.time.now().mono);
            }
        }
    };
    server.time.sleep(reply.after).await;
    match reply.what {
        What::Http { status, body, retry_after } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            let mut response = match body {
                Body::Json(json) => respond(status, "application/json", json),
                Body::Html(page) => respond(status, "text/html", page.to_owned()),
            };
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
            response
        }
        What::Dropped => {
            line.cut();
            // Nobody sees this: the line takes no more bytes.
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

fn respond(status: StatusCode, kind: &'static str, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}

/// The parameters of a call and the files it brought, from the address and from the body; `None` if
/// that is broken.
fn parameters(uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Option<(Params, Files)> {
    let (mut params, mut files) = (Params::new(), Files::new());
    form(uri.query().unwrap_or_default(), &mut params);
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    match kind.unwrap_or_default() {
        _ if body.is_empty() => {}
        kind if kind.starts_with("application/json") => {
            let Ok(Value::Object(said)) = serde_json::from_slice(body) else { return None };
            params.extend(said);
        }
        kind if kind.starts_with("application/x-www-form-urlencoded") => {
            form(&String::from_utf8_lossy(body), &mut params);
        }
        kind => {
            if let Some(boundary) = upload::boundary(kind) {
                let (said, brought) = upload::parts(body, boundary)?;
                params.extend(said);
                files = brought;
            }
        }
    }
    Some((params, files))
}

/// URL Standard §5.1: application/x-www-form-urlencoded.
fn form(text: &str, params: &mut Params) {
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let plain = |part: &str| decode(&part.replace('+', " "));
        params.insert(plain(name), Value::String(plain(value)));
    }
}

/// RFC 3986 §2.1: percent-encoding. What is no encoding stays as it is.
fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        let (byte, next) = hex.map_or((*first, tail), |byte| (byte, &tail[2..]));
        out.push(byte);
        rest = next;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests;
