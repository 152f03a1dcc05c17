//! Calls that bring a file.
//!
//! Deliberately absent: sending a file again by Telegram's number of it. Pictures are drawn for one
//! reader at one moment.

use reqwest::multipart::{Form, Part};

use super::wire::shortened;
use crate::domain::{ids::ChatId, letter::Picture};

/// Longest words under a picture, in characters. `// Bot API: sendPhoto.caption`
const CAPTION_MAX: usize = 1_024;
/// What a picture is called on the way; Telegram forgets it.
const NAME: &str = "reach.png";

/// A picture as a form. `// Bot API: sendPhoto`
pub(super) fn photo(chat: ChatId, picture: &Picture) -> Form {
    let png = Part::bytes(picture.png.to_vec()).file_name(NAME);
    Form::new()
        .text("chat_id", chat.0.to_string())
        .text("caption", shortened(&picture.caption, CAPTION_MAX))
        .part("photo", png)
}

#[cfg(test)]
mod tests {
    use super::super::{
        stand::{Act, Server, answer, nobody, ok, serve},
        tokens::Token,
        wire::{Options, Wire},
    };
    use super::*;
    use crate::{
        domain::{delivery::Outcome, ids::MessageId},
        ports::courier::Courier as _,
    };

    const SENT: &str = r#"{"ok":true,"result":{"message_id":42,"date":1,"photo":[]}}"#;

    fn picture(caption: &str) -> Picture {
        Picture { png: Vec::from("the bytes of a picture\r\n--x").into(), caption: caption.into() }
    }

    async fn sent(api_url: String, caption: &str) -> Outcome {
        let token = Token::parse("7654321:x").unwrap();
        let wire = Wire::new(&token, &Options { api_url, ..Options::default() }).unwrap();
        wire.photo(ChatId(-7), &picture(caption)).await
    }

    fn at(server: &Server) -> String {
        format!("http://{}", server.address)
    }

    #[tokio::test]
    async fn a_picture_goes_as_a_file_with_its_words() {
        let server = serve(ok(SENT));
        assert_eq!(sent(at(&server), "№ 12").await, Outcome::Delivered(MessageId(42)));
        let request = server.requests.recv().unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("/sendphoto "), "{head}");
        assert!(head.contains("content-type: multipart/form-data; boundary="), "{head}");
        assert!(body.contains("name=\"chat_id\"\r\n\r\n-7\r\n"), "{body}");
        assert!(body.contains("name=\"caption\"\r\n\r\n№ 12\r\n"), "{body}");
        assert!(body.contains("name=\"photo\"; filename=\"reach.png\"\r\n"), "{body}");
        assert!(body.contains("\r\n\r\nthe bytes of a picture\r\n--x\r\n--"), "{body}");
    }

    #[tokio::test]
    async fn words_are_cut_to_what_telegram_takes() {
        let server = serve(ok(SENT));
        sent(at(&server), &"щ".repeat(1_025)).await;
        let request = server.requests.recv().unwrap();
        assert!(request.contains(&format!("\r\n\r\n{}…\r\n", "щ".repeat(1_023))));
    }

    #[tokio::test]
    async fn what_becomes_of_a_picture_is_judged_as_of_a_message() {
        let refusal = |status: &str, code: u16, words: &str| {
            let body = format!(r#"{{"ok":false,"error_code":{code},"description":"{words}"}}"#);
            Act::Answer(answer(status, &body))
        };
        let dimensions = "Bad Request: PHOTO_INVALID_DIMENSIONS";
        let no_photos = "Bad Request: not enough rights to send photos to the chat";
        for (act, outcome) in [
            (refusal("400 Bad Request", 400, dimensions), Outcome::Payload(dimensions.into())),
            // It still takes warnings: nothing is to become of the chat.
            (
                refusal("400 Bad Request", 400, no_photos),
                Outcome::Rejected { code: 400, description: no_photos.into() },
            ),
            (Act::Say(String::new()), Outcome::Unknown),
        ] {
            assert_eq!(sent(at(&serve(act)), "").await, outcome);
        }
        assert_eq!(sent(nobody(), "").await, Outcome::NotSent);
    }
}
