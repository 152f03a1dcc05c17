//! PURE. Calls that bring a file: `multipart/form-data`.
//!
//! `// RFC 7578; RFC 2046 §5.1.1`. Encodings of a part other than plain bytes, which that leaves to
//! history, are not read.

use std::sync::Arc;

use serde_json::Value;

use crate::sim::world::{Files, Params};

/// The boundary that a `Content-Type` names.
pub(super) fn boundary(kind: &str) -> Option<&str> {
    let (form, parameters) = kind.split_once(';')?;
    if !form.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    attribute(parameters, "boundary")
}

/// Takes a body apart; `None` if it is broken.
pub(super) fn parts(body: &[u8], boundary: &str) -> Option<(Params, Files)> {
    let (mut params, mut files) = (Params::new(), Files::new());
    let open = format!("--{boundary}");
    let close = format!("\r\n--{boundary}");
    let mut rest = after(body, open.as_bytes())?;
    loop {
        if rest.starts_with(b"--") {
            return Some((params, files));
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let head_ends = find(rest, b"\r\n\r\n")?;
        let (head, content) = rest.split_at(head_ends);
        let content = content.get(4..)?;
        let content_ends = find(content, close.as_bytes())?;
        let (content, next) = content.split_at(content_ends);
        rest = next.get(close.len()..)?;
        let head = std::str::from_utf8(head).ok()?;
        let disposition = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-disposition").then_some(value)
        })?;
        let name = attribute(disposition, "name")?.to_owned();
        if attribute(disposition, "filename").is_some() {
            files.insert(name, Arc::from(content));
        } else {
            params.insert(name, Value::String(String::from_utf8(content.to_vec()).ok()?));
        }
    }
}

/// The value of `name="value"` or `name=value` in a header.
fn attribute<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    header.split(';').find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim_matches('"'))
    })
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn after<'b>(body: &'b [u8], part: &[u8]) -> Option<&'b [u8]> {
    body.get(find(body, part)? + part.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"--x1\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n-5\r\n\
        --x1\r\ncontent-disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n\
        Content-Type: image/png\r\n\r\n\x89\r\n--x\x00\r\n\r\n--x1--\r\n";

    #[test]
    fn fields_are_text_and_files_are_bytes() {
        let (params, files) = parts(BODY, "x1").unwrap();
        assert_eq!(params["chat_id"], "-5");
        assert_eq!(params.len(), 1);
        assert_eq!(&*files["photo"], b"\x89\r\n--x\x00\r\n");
    }

    #[test]
    fn half_a_body_is_none() {
        for end in 1..BODY.len() - 4 {
            assert!(parts(&BODY[..end], "x1").is_none(), "{end}");
        }
        assert!(parts(BODY, "x2").is_none());
    }

    #[test]
    fn a_boundary_is_found_with_quotes_and_without() {
        for kind in ["multipart/form-data; boundary=x1", "Multipart/Form-Data;boundary=\"x1\""] {
            assert_eq!(boundary(kind), Some("x1"));
        }
        assert_eq!(boundary("application/json; boundary=x1"), None);
    }
}
