//! A server for tests that stands in for Telegram and behaves as badly as it is told.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    thread,
};

/// Connections a server takes: more than any test opens.
const OPEN_MAX: usize = 64;

/// What the other side does with a connection.
#[derive(Clone)]
pub(super) enum Act {
    /// Answers every request.
    Answer(String),
    /// Reads a request, says this and closes.
    Say(String),
    /// Reads a request and says nothing until we give up.
    Hang,
    /// Closes before it has read anything.
    Drop,
}

/// A server on this machine.
pub(super) struct Server {
    /// Where it is.
    pub(super) address: SocketAddr,
    /// What it was asked: heads in small letters, bodies as they came.
    pub(super) requests: mpsc::Receiver<String>,
    /// One for each connection.
    pub(super) accepted: mpsc::Receiver<()>,
}

/// A server that does the same with every connection.
pub(super) fn serve(act: Act) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (told, requests) = mpsc::channel();
    let (met, accepted) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().take(OPEN_MAX) {
            let (act, told) = (act.clone(), told.clone());
            if met.send(()).is_err() {
                return;
            }
            thread::spawn(move || attend(stream.unwrap(), &act, &told));
        }
    });
    Server { address, requests, accepted }
}

fn attend(mut stream: TcpStream, act: &Act, told: &mpsc::Sender<String>) {
    if matches!(act, Act::Drop) {
        return;
    }
    while let Some(request) = request(&mut stream) {
        let _ = told.send(request);
        match act {
            Act::Answer(answer) => stream.write_all(answer.as_bytes()).unwrap(),
            Act::Say(words) => return stream.write_all(words.as_bytes()).unwrap(),
            Act::Hang | Act::Drop => {}
        }
    }
}

/// One request with its body; `None` if the other side has closed.
fn request(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        read.push(byte[0]);
    }
    let head = String::from_utf8(read).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).ok()?;
    Some(head + std::str::from_utf8(&body).unwrap())
}

/// An answer with a body.
pub(super) fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// Answers every request with this body.
pub(super) fn ok(body: &str) -> Act {
    Act::Answer(answer("200 OK", body))
}

/// An address where nobody listens.
pub(super) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
