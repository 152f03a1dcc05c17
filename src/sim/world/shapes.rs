//! PURE. The Bot API's JSON objects, with the fields that its clients require.

use serde_json::{Value, json};

use super::{Kind, Standing, World, unix};
use crate::domain::{
    ids::{BotId, ChatId, MessageId, UserId},
    time::Moment,
};

/// Bot API: `User`, of a person.
pub(super) fn user(world: &World, user: UserId) -> Value {
    let chat = world.chats.get(&user.chat());
    let mut shape = json!({
        "id": user.0,
        "is_bot": false,
        "first_name": chat.map_or("", |chat| &chat.name),
    });
    if let Some(language) = chat.and_then(|chat| chat.language.as_deref()) {
        shape["language_code"] = language.into();
    }
    shape
}

/// Bot API: `User`, of a bot.
pub(super) fn bot(world: &World, bot: BotId) -> Value {
    let username = world.bots.get(&bot).map_or("", |account| &account.username);
    json!({"id": bot.0, "is_bot": true, "first_name": username, "username": username})
}

/// Bot API: `User`, as getMe gives it.
pub(super) fn me(world: &World, id: BotId) -> Value {
    let mut shape = bot(world, id);
    for (name, value) in [
        ("can_join_groups", true),
        ("can_read_all_group_messages", false),
        ("supports_inline_queries", false),
        ("can_connect_to_business", false),
        ("has_main_web_app", false),
    ] {
        shape[name] = value.into();
    }
    shape
}

/// Bot API: `Chat`.
pub(super) fn chat(world: &World, id: ChatId) -> Value {
    let Some(chat) = world.chats.get(&id) else { return Value::Null };
    let (kind, name) = match chat.kind {
        Kind::Private => ("private", "first_name"),
        Kind::Group => ("group", "title"),
        Kind::Supergroup => ("supergroup", "title"),
        Kind::Channel => ("channel", "title"),
    };
    json!({"id": id.0, "type": kind, name: chat.name})
}

/// Bot API: `ChatFullInfo`.
pub(super) fn full_chat(world: &World, id: ChatId) -> Value {
    let mut shape = chat(world, id);
    shape["accent_color_id"] = 0.into();
    shape["max_reaction_count"] = 11.into();
    shape["accepted_gift_types"] = json!({
        "unlimited_gifts": false, "limited_gifts": false,
        "unique_gifts": false, "premium_subscription": false,
    });
    shape
}

/// Bot API: `Message`, of one that is shown.
pub(super) fn message(world: &World, id: BotId, place: ChatId, message: MessageId) -> Value {
    let phone = world.phones.get(&(id, place));
    let shown = phone.and_then(|phone| phone.messages.get(phone.find(message)?));
    let Some(shown) = shown else { return Value::Null };
    let mut shape = json!({
        "message_id": message.0,
        "date": shown.date,
        "chat": chat(world, place),
    });
    let words = world.letters.get(shown.body).map_or("", |text| text);
    if let Some(png) = world.photos.shown((id, place, message)) {
        let (width, height) = super::photos::size(png).unwrap_or_default();
        let file = format!("photo-{}-{}-{}", id.0, place.0, message.0);
        // Bot API: PhotoSize
        shape["photo"] = json!([{
            "file_id": file, "file_unique_id": file, "file_size": png.len(),
            "width": width, "height": height,
        }]);
        shape["caption"] = words.into();
    } else {
        shape["text"] = words.into();
    }
    if world.chats.get(&place).is_some_and(|chat| chat.kind == Kind::Channel) {
        shape["sender_chat"] = chat(world, place);
    } else if shown.from_bot {
        shape["from"] = bot(world, id);
    } else {
        shape["from"] = user(world, UserId(place.0));
    }
    if let Some(keyboard) = world.letters.get(shown.keyboard) {
        shape["reply_markup"] = serde_json::from_str(keyboard).unwrap_or_default();
    }
    if shown.edited {
        shape["edit_date"] = shown.date.into();
    }
    shape
}

/// Bot API: `Message`, of what a person wrote.
pub(super) fn written(
    world: &World,
    from: UserId,
    place: ChatId,
    message: MessageId,
    at: Moment,
    text: &str,
) -> Value {
    let mut shape = json!({
        "message_id": message.0,
        "chat": chat(world, place),
        "date": unix(at),
        "text": text,
    });
    if world.chats.get(&place).is_some_and(|chat| chat.kind == Kind::Channel) {
        shape["sender_chat"] = chat(world, place);
    } else {
        shape["from"] = user(world, from);
    }
    if text.starts_with('/') {
        let command = text.split_whitespace().next().unwrap_or_default();
        // Bot API: MessageEntity.length, in UTF-16 code units.
        let length = command.encode_utf16().count();
        shape["entities"] = json!([{"type": "bot_command", "offset": 0, "length": length}]);
    }
    shape
}

/// Bot API: `ChatMember`, of the bot itself.
pub(super) fn member(world: &World, id: BotId, place: ChatId, standing: Standing) -> Value {
    let user = bot(world, id);
    let channel = world.chats.get(&place).is_some_and(|chat| chat.kind == Kind::Channel);
    match standing {
        Standing::Never => json!({"user": user, "status": "left"}),
        Standing::Blocked | Standing::Kicked => {
            json!({"user": user, "status": "kicked", "until_date": 0})
        }
        Standing::Open if channel => administrator(&user),
        Standing::Open | Standing::Muted => json!({"user": user, "status": "member"}),
    }
}

fn administrator(user: &Value) -> Value {
    let mut shape = json!({"user": user, "status": "administrator"});
    for (right, given) in [
        ("can_be_edited", false),
        ("is_anonymous", false),
        ("can_manage_chat", true),
        ("can_delete_messages", true),
        ("can_manage_video_chats", false),
        ("can_restrict_members", false),
        ("can_promote_members", false),
        ("can_change_info", false),
        ("can_invite_users", true),
        ("can_post_stories", false),
        ("can_edit_stories", false),
        ("can_delete_stories", false),
        ("can_post_messages", true),
        ("can_edit_messages", true),
    ] {
        shape[right] = given.into();
    }
    shape
}
