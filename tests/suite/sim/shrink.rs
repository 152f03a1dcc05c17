//! The shortest list of operations that still fails.

use super::ops::Script;

/// Takes parts of the list away, larger parts first, for as long as it still fails.
pub(crate) fn shrink(script: &Script, fails: impl Fn(&Script) -> bool) -> Script {
    let mut least = script.clone();
    let mut part = least.ops.len().max(1);
    while part > 0 {
        let mut at = 0;
        while at < least.ops.len() {
            let mut shorter = least.clone();
            let end = (at + part).min(shorter.ops.len());
            // The pauses stay, so that what follows happens at the same time.
            let pause: u16 =
                shorter.ops[at..end].iter().map(|(ms, _)| *ms).fold(0, u16::saturating_add);
            shorter.ops.drain(at..end);
            if let Some((ms, _)) = shorter.ops.get_mut(at) {
                *ms = ms.saturating_add(pause);
            }
            if fails(&shorter) {
                least = shorter;
            } else {
                at += part;
            }
        }
        part /= 2;
    }
    let mut chats = least.chats;
    while chats > 1 {
        chats /= 2;
        let fewer = Script { chats, ..least.clone() };
        if !fails(&fewer) {
            break;
        }
        least = fewer;
    }
    least
}
