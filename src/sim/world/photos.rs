//! PURE. Pictures that bots sent, and which message shows which.

use std::{collections::BTreeMap, sync::Arc};

use super::{ApiError, params, params::Params};
use crate::domain::ids::{BotId, ChatId, MessageId};

/// Files that a call brought, by the name of their field.
pub type Files = BTreeMap<String, Arc<[u8]>>;

/// Bot API: `sendPhoto.caption`, 0–1024 characters.
const CAPTION_MAX: usize = 1_024;
/// Bot API: `sendPhoto.photo`, at most 10 MB.
const BYTES_MAX: usize = 10 << 20;
/// Bot API: `sendPhoto.photo`: width and height together.
const SIDES_MAX: u32 = 10_000;
/// Bot API: `sendPhoto.photo`: width to height, or height to width.
const RATIO_MAX: u32 = 20;

/// See the module. Number 0 is the absence of a picture.
#[derive(Debug, Default)]
pub(super) struct Photos {
    kept: Vec<Arc<[u8]>>,
    shown: BTreeMap<(BotId, ChatId, MessageId), u32>,
}

impl Photos {
    /// Keeps a picture and gives its number.
    pub(super) fn keep(&mut self, png: &Arc<[u8]>) -> u32 {
        self.kept.push(Arc::clone(png));
        u32::try_from(self.kept.len()).unwrap_or(u32::MAX)
    }

    /// A message shows it.
    pub(super) fn show(&mut self, message: (BotId, ChatId, MessageId), photo: u32) {
        if photo > 0 {
            self.shown.insert(message, photo);
        }
    }

    /// What a message shows.
    pub(super) fn shown(&self, message: (BotId, ChatId, MessageId)) -> Option<&Arc<[u8]>> {
        let number = usize::try_from(*self.shown.get(&message)?).ok()?;
        self.kept.get(number.checked_sub(1)?)
    }
}

/// The words under a picture.
pub(super) fn caption(params: &Params) -> Result<&str, ApiError> {
    let caption = params::text(params, "caption").unwrap_or_default();
    if caption.chars().count() > CAPTION_MAX {
        return Err(ApiError::bad("Bad Request: message caption is too long"));
    }
    Ok(caption)
}

/// The picture that a call brought.
pub(super) fn photo<'f>(params: &Params, files: &'f Files) -> Result<&'f Arc<[u8]>, ApiError> {
    let Some(photo) = files.get("photo") else {
        let by_name = params::text(params, "photo").is_some();
        return Err(ApiError::bad(if by_name {
            "Bad Request: wrong remote file identifier specified: Wrong string length"
        } else {
            "Bad Request: there is no photo in the request"
        }));
    };
    if photo.is_empty() {
        return Err(ApiError::bad("Bad Request: file must be non-empty"));
    }
    if photo.len() > BYTES_MAX {
        return Err(ApiError::of(413, "Request Entity Too Large"));
    }
    // Stricter than the server, which reads more kinds than this one.
    let Some((width, height)) = size(photo) else {
        return Err(ApiError::bad("Bad Request: IMAGE_PROCESS_FAILED"));
    };
    let (long, short) = (width.max(height), width.min(height));
    if short == 0 || width.saturating_add(height) > SIDES_MAX || long / short > RATIO_MAX {
        return Err(ApiError::bad("Bad Request: PHOTO_INVALID_DIMENSIONS"));
    }
    Ok(photo)
}

/// Width and height of a PNG. `// PNG §5.2, §11.2.1`
pub(in crate::sim) fn size(png: &[u8]) -> Option<(u32, u32)> {
    let rest = png.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let side = |at: usize| {
        let bytes: [u8; 4] = rest.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    };
    (rest.get(4..8)? == b"IHDR").then_some(())?;
    Some((side(8)?, side(12)?))
}
