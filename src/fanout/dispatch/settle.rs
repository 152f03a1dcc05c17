//! What an outcome means for whoever waits for it.

use std::time::Duration;

use super::{Action, Alarm, Bound, Dispatch, Flight, News, THROTTLE_LONG, THROTTLE_WINDOW};
use crate::{
    domain::{
        audience::Position,
        delivery::{Fate, Outcome, Rights, Settlement, Verdict, judge},
        ids::{AlertId, ChatId, FanoutId, LetterId, MessageId, RegionId},
        letter::{Content, Watch},
        time::{Moment, Mono},
    },
    fanout::{
        lane::{Stop, union},
        pacer::{Fare, Ticket},
    },
    ports::store::{LetterSave, LogRow, WatchSave},
};

/// A bot without Stars is answered by many waits as short as this. `// telegram.md §2.4`
const UNPAID_WAIT: Duration = Duration::from_secs(1);
/// So many of them in a row, with nothing delivered between, and the balance is taken to be gone.
const UNPAID_MAX: u32 = 5;
/// Before a letter that provably did not arrive is sent again.
const LETTER_RETRY: Duration = Duration::from_secs(1);
/// Before a letter that may have arrived is sent again.
const LETTER_DOUBT: Duration = Duration::from_secs(2);

impl Dispatch {
    /// Takes the outcome of a send.
    pub fn on_outcome(&mut self, ticket: Ticket, outcome: Outcome, now: Moment) {
        let Some(flight) = self.in_flight.remove(&ticket) else { return };
        // A wait the server hid until it gave up says the same as a slow success.
        if matches!(outcome, Outcome::Delivered(_) | Outcome::Throttled { .. }) {
            self.pacer.on_latency(now.mono.since(flight.since), now.mono);
        }
        if let Outcome::Delivered(message) = outcome {
            self.on_told(&flight, message, now.mono);
        }
        match outcome {
            Outcome::Unknown | Outcome::NotSent => self.breaker.on_silence(now.mono),
            Outcome::Delivered(_)
            | Outcome::Throttled { .. }
            | Outcome::Unpaid(_)
            | Outcome::Gone(_)
            | Outcome::Missing
            | Outcome::Forbidden(_)
            | Outcome::Migrated(_)
            | Outcome::Unattached
            | Outcome::Unmodified
            | Outcome::Uneditable
            | Outcome::Payload(_)
            | Outcome::Token(_)
            | Outcome::Rejected { .. } => self.breaker.on_answer(false),
        }
        if let Outcome::Throttled { retry_after } = outcome {
            self.throttle(flight.chat, retry_after, now);
        }
        self.mind_balance(&flight, &outcome, now);
        match flight.to {
            Bound::Lane(fanout, at) => self.settle_lane(fanout, at, flight, outcome, now),
            Bound::Letter(letter) => self.settle_letter(letter, flight, outcome, now),
            Bound::Edit(fanout, chat) => self.settle_edit((fanout, chat), &outcome, now),
            Bound::Canary => {
                let news = self.canary.as_mut().and_then(|one| one.on_outcome(&outcome, now.mono));
                self.on_canary(news);
                if let Outcome::Token(why) = outcome {
                    self.revoke(why);
                }
            }
        }
    }

    pub(super) fn on_canary(&mut self, news: Option<News>) {
        let alarm = match news {
            None => return,
            Some(News::Lost(why)) => Alarm::Mute(why),
            Some(News::Back) => Alarm::Speaks,
        };
        self.news.push(Action::Alarm(alarm));
    }

    fn throttle(&mut self, chat: ChatId, retry_after: Duration, now: Moment) {
        let until = now.mono + retry_after;
        self.chats.park(chat, until);
        let second = self
            .throttled
            .is_some_and(|(at, other)| other != chat && now.mono.since(at) <= THROTTLE_WINDOW);
        if second || retry_after >= THROTTLE_LONG {
            self.pause(until);
        }
        self.throttled = Some((now.mono, chat));
    }

    pub(super) fn pause(&mut self, until: Mono) {
        self.pacer.pause(until);
        self.limits_dirty = true;
    }

    /// A balance that is gone shows as a refusal or as many short waits. `// telegram.md §2.4`
    fn mind_balance(&mut self, flight: &Flight, outcome: &Outcome, now: Moment) {
        if let Outcome::Unpaid(why) = outcome {
            self.unpaid(why, now);
        }
        if flight.fare == Fare::Free {
            return;
        }
        if let Outcome::Throttled { retry_after } = outcome
            && *retry_after <= UNPAID_WAIT
        {
            self.unpaid_throttles += 1;
            if self.unpaid_throttles >= UNPAID_MAX {
                self.unpaid("it asks for short waits only", now);
            }
        } else if matches!(outcome, Outcome::Delivered(_)) {
            self.unpaid_throttles = 0;
        }
    }

    fn unpaid(&mut self, why: &str, now: Moment) {
        self.unpaid_throttles = 0;
        if self.purse.on_refused(now.mono) {
            self.news.push(Action::Alarm(Alarm::Unpaid(why.to_owned())));
        }
    }

    fn revoke(&mut self, why: String) {
        if !self.revoked {
            self.news.push(Action::Alarm(Alarm::Revoked(why)));
        }
        self.revoked = true;
    }

    fn settle_lane(
        &mut self,
        fanout: FanoutId,
        at: Position,
        flight: Flight,
        outcome: Outcome,
        now: Moment,
    ) {
        let Flight { tells, chat, place: flight_place, edits, .. } = flight;
        let Some(lane) = self.lanes.get_mut(&fanout) else { return };
        if edits && outcome == Outcome::Uneditable {
            lane.on_anew(at, now);
            return;
        }
        let rejected = matches!(outcome, Outcome::Rejected { .. });
        let message = message_of(&outcome);
        let verdict = judge(outcome, lane.doubts(at));
        match verdict {
            Verdict::Settled(settlement, fate) => {
                if fate == Fate::Suspend(Rights::Channel) {
                    self.news.push(Action::Alarm(Alarm::Lost { chat, place: flight_place }));
                }
                lane.settle(at, settlement, fate, message, tells, now.utc);
                if lane.on_answered(rejected) {
                    lane.stop(Stop::Malformed, now);
                    let why = "too many chats refuse it".to_owned();
                    self.news.push(Action::Alarm(Alarm::Malformed(fanout, why)));
                }
            }
            Verdict::Park(wait) => lane.on_again(at, Some(now.mono + wait), now),
            Verdict::Again => lane.on_again(at, None, now),
            Verdict::Doubt => lane.on_doubt(at, tells, now),
            Verdict::Detach => lane.on_detach(at, now),
            Verdict::Follow(to) => {
                lane.on_moving(at);
                self.news.push(Action::Follow { fanout, at, from: chat, to });
            }
            Verdict::Malformed(why) => {
                lane.settle(at, Settlement::Failed, Fate::Stays, None, Vec::new(), now.utc);
                lane.stop(Stop::Malformed, now);
                self.news.push(Action::Alarm(Alarm::Malformed(fanout, why)));
            }
            Verdict::Revoked(why) => {
                lane.on_again(at, None, now);
                self.revoke(why);
            }
        }
    }

    fn settle_letter(&mut self, id: LetterId, flight: Flight, outcome: Outcome, now: Moment) {
        let Flight { tells, chat, .. } = flight;
        let message = message_of(&outcome);
        let uneditable = outcome == Outcome::Uneditable;
        let doubt = self.letters.in_doubt(id);
        match judge(outcome, doubt) {
            Verdict::Settled(Settlement::Failed, Fate::Stays) if uneditable => {
                self.letters.put_back(id, |pending| pending.anew = true);
            }
            // Without its number a live report can't be kept up to date: a copy is the lesser evil.
            Verdict::Settled(Settlement::Uncertain, _) if self.letters.is_report(id) => {
                let again = now.mono + LETTER_DOUBT;
                self.letters.put_back(id, |pending| pending.not_before = again);
            }
            Verdict::Settled(settlement, fate) => {
                self.close_letter(id, chat, (settlement, fate), message, tells, now);
            }
            Verdict::Park(wait) => {
                self.letters.put_back(id, |pending| pending.not_before = now.mono + wait);
            }
            Verdict::Again => {
                let again = now.mono + LETTER_RETRY;
                self.letters.put_back(id, |pending| pending.not_before = again);
            }
            Verdict::Doubt => {
                let again = now.mono + LETTER_DOUBT;
                self.letters.put_back(id, |pending| {
                    pending.doubt = true;
                    pending.tells.extend(tells);
                    pending.not_before = again;
                });
            }
            Verdict::Detach => {
                self.letters.settle(id);
                self.letter_saves.push(LetterSave { letter: id, row: None });
            }
            Verdict::Follow(to) => {
                self.letters.put_back(id, |pending| pending.letter.new.chat = to);
                self.news.push(Action::Relocate { from: chat, to });
            }
            Verdict::Malformed(why) => {
                self.letters.settle(id);
                self.letter_saves.push(LetterSave { letter: id, row: None });
                self.news.push(Action::Alarm(Alarm::BadLetter(id, why)));
            }
            Verdict::Revoked(why) => {
                let again = now.mono + LETTER_RETRY;
                self.letters.put_back(id, |pending| pending.not_before = again);
                self.revoke(why);
            }
        }
    }

    /// A letter is settled.
    fn close_letter(
        &mut self,
        id: LetterId,
        chat: ChatId,
        (settlement, fate): (Settlement, Fate),
        message: Option<MessageId>,
        tells: Vec<AlertId>,
        now: Moment,
    ) {
        let Some(pending) = self.letters.settle(id) else { return };
        let tells = union(pending.tells, tells);
        let new = pending.letter.new;
        let place = match &new.content {
            Content::Standing { places, .. } => places.first().cloned(),
            Content::Plain { .. } | Content::Progress(_) | Content::Picture { .. } => None,
        };
        if let (Content::Progress(fanout), Some(message)) = (&new.content, message) {
            let watch = Watch { fanout: *fanout, chat, message, lang: new.lang };
            self.watch_saves.push(WatchSave::Out(watch));
        }
        let told = settlement.may_have_read() && !tells.is_empty();
        let row = (told || fate != Fate::Stays).then(|| LogRow {
            chat,
            place: place.unwrap_or_else(|| RegionId::new("")),
            settlement,
            message,
            at: now.utc,
            fate,
            tells,
            repeated: false,
        });
        self.letter_saves.push(LetterSave { letter: id, row });
    }

    fn settle_edit(&mut self, key: (FanoutId, ChatId), outcome: &Outcome, now: Moment) {
        let Some(watched) = self.watches.get_mut(&key) else { return };
        watched.busy = false;
        let shown = matches!(outcome, Outcome::Delivered(_) | Outcome::Unmodified);
        let final_state = watched.shown.as_ref().is_some_and(|report| report.closed_at.is_some());
        let hopeless = matches!(
            outcome,
            Outcome::Gone(_)
                | Outcome::Missing
                | Outcome::Forbidden(_)
                | Outcome::Uneditable
                | Outcome::Migrated(_)
                | Outcome::Payload(_)
                | Outcome::Rejected { .. }
        );
        if (shown && final_state) || hopeless {
            let watch = watched.watch;
            self.watches.remove(&key);
            self.watch_saves.push(WatchSave::Done(watch));
            return;
        }
        if !shown {
            watched.shown = None;
            watched.edited_at = now.mono;
        }
        if let Outcome::Token(why) = outcome {
            self.revoke(why.clone());
        }
    }
}

fn message_of(outcome: &Outcome) -> Option<MessageId> {
    if let Outcome::Delivered(message) = outcome { Some(*message) } else { None }
}
