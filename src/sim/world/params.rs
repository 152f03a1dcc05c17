//! PURE. Reading a call's parameters, which come as JSON, as a form or in the address: then all
//! values are text, and objects are JSON within text.

use serde_json::{Map, Value};

use super::ApiError;
use crate::domain::ids::{ChatId, MessageId};

/// The parameters of a call by name.
pub type Params = Map<String, Value>;

/// Bot API: `InlineKeyboardMarkup`, at most 100 buttons.
const BUTTONS_MAX: usize = 100;
/// Bot API: `InlineKeyboardButton.callback_data`, 1–64 bytes.
const DATA_MAX: usize = 64;

pub(super) fn text<'p>(params: &'p Params, name: &str) -> Option<&'p str> {
    params.get(name)?.as_str()
}

pub(super) fn number(params: &Params, name: &str) -> Option<i64> {
    match params.get(name)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(super) fn flag(params: &Params, name: &str) -> bool {
    match params.get(name) {
        Some(Value::Bool(flag)) => *flag,
        // Bot API: any of these is true in a form.
        Some(Value::String(text)) => matches!(text.to_ascii_lowercase().as_str(), "true" | "1"),
        _ => false,
    }
}

/// An object or a list, however it was brought; `Null` if it is not there.
pub(super) fn tree(params: &Params, name: &str) -> Result<Value, serde_json::Error> {
    match params.get(name) {
        Some(Value::String(text)) if text.trim().is_empty() => Ok(Value::Null),
        Some(Value::String(text)) => serde_json::from_str(text),
        Some(value) => Ok(value.clone()),
        None => Ok(Value::Null),
    }
}

pub(super) fn chat(params: &Params) -> Result<ChatId, ApiError> {
    match params.get("chat_id") {
        None | Some(Value::Null) => Err(ApiError::bad("Bad Request: chat_id is empty")),
        Some(_) => {
            let id = number(params, "chat_id").map(ChatId);
            id.ok_or(ApiError::bad("Bad Request: chat not found"))
        }
    }
}

pub(super) fn message(params: &Params) -> Result<MessageId, ApiError> {
    let id = number(params, "message_id").map(MessageId);
    id.ok_or(ApiError::bad("Bad Request: message identifier is not specified"))
}

/// The message that this one answers, if any and if it has to be there.
pub(super) fn reply_to(params: &Params) -> Result<Option<MessageId>, ApiError> {
    let unreadable = ApiError::bad("Bad Request: can't parse reply parameters JSON object");
    let reply = tree(params, "reply_parameters").map_err(|_| unreadable)?;
    let lenient = |value: Option<&Value>| value.and_then(Value::as_bool).unwrap_or(false);
    if let Some(id) = reply.get("message_id").and_then(Value::as_i64) {
        let lenient = lenient(reply.get("allow_sending_without_reply"));
        return Ok((!lenient).then_some(MessageId(id)));
    }
    let lenient = flag(params, "allow_sending_without_reply");
    Ok(number(params, "reply_to_message_id").filter(|_| !lenient).map(MessageId))
}

/// The inline keyboard as compact JSON, checked; `None` if there is none.
pub(super) fn keyboard(params: &Params) -> Result<Option<String>, ApiError> {
    let unreadable = || ApiError::bad("Bad Request: can't parse reply keyboard markup JSON object");
    let markup = tree(params, "reply_markup").map_err(|_| unreadable())?;
    if markup.is_null() {
        return Ok(None);
    }
    let Some(rows) = markup.as_object().ok_or_else(unreadable)?.get("inline_keyboard") else {
        // Another kind of keyboard: it is not part of the message that the server gives back.
        return Ok(None);
    };
    let rows = rows.as_array().ok_or_else(unreadable)?;
    let mut keys = 0;
    for row in rows {
        for key in row.as_array().ok_or_else(unreadable)? {
            keys += 1;
            check_key(key)?;
        }
    }
    if keys > BUTTONS_MAX {
        return Err(ApiError::bad("Bad Request: reply markup is too long"));
    }
    Ok((keys > 0).then(|| markup.to_string()))
}

fn check_key(key: &Value) -> Result<(), ApiError> {
    let label = key.get("text").and_then(Value::as_str).unwrap_or_default();
    if label.is_empty() {
        return Err(ApiError::bad(
            "Bad Request: text buttons are unallowed in the inline keyboard",
        ));
    }
    if let Some(data) = key.get("callback_data") {
        let bytes = data.as_str().map_or(0, str::len);
        if !(1..=DATA_MAX).contains(&bytes) {
            return Err(ApiError::bad("Bad Request: BUTTON_DATA_INVALID"));
        }
    } else if key.as_object().is_none_or(|key| key.len() < 2) {
        return Err(ApiError::bad(
            "Bad Request: text buttons are unallowed in the inline keyboard",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn params(value: &Value) -> Params {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn a_form_says_the_same_as_json() {
        let form = params(&json!({"chat_id": "-5", "disable_notification": "true"}));
        let json = params(&json!({"chat_id": -5, "disable_notification": true}));
        for params in [form, json] {
            assert_eq!(chat(&params), Ok(ChatId(-5)));
            assert!(flag(&params, "disable_notification"));
        }
    }

    #[test]
    fn a_button_carries_one_to_64_bytes() {
        for (data, good) in
            [(String::new(), false), ("ж".repeat(32), true), ("ж".repeat(33), false)]
        {
            let key = json!({"text": "x", "callback_data": data});
            let markup = params(&json!({"reply_markup": {"inline_keyboard": [[key]]}}));
            assert_eq!(keyboard(&markup).is_ok(), good, "{data}");
        }
    }

    #[test]
    fn a_hundred_buttons_are_enough() {
        let row = |n| vec![json!({"text": "x", "callback_data": "y"}); n];
        let markup = |n| params(&json!({"reply_markup": {"inline_keyboard": [row(n)]}}));
        assert!(keyboard(&markup(100)).is_ok());
        let told = keyboard(&markup(101)).unwrap_err().description;
        assert_eq!(told, "Bad Request: reply markup is too long");
    }

    #[test]
    fn markup_that_is_no_json_is_refused() {
        let told = keyboard(&params(&json!({"reply_markup": "{"}))).unwrap_err();
        assert_eq!(told.code, 400);
    }
}
