//! The bot's words behind the sender's [`Scribe`].

use std::sync::Arc;

use tracing::error;

use crate::{
    bot::{
        Rules,
        phrases::{self, Phrase, letters, report},
    },
    domain::{
        alert::Transition,
        audience::Variant,
        board::Board,
        bulletin::{self, Bulletin},
        ids::{AlertId, RegionId, Revision},
        lang::Lang,
        letter::{Message, Occasion, Picture},
        report::{FanoutFigures, Report, TransitionFigures},
        time::Utc,
    },
    fanout::driver::Scribe,
    picture::{curve, png},
};

/// See the module.
#[derive(Debug)]
pub(super) struct Voice {
    rules: Arc<Rules>,
    /// Of the bot, and of whoever reads that it works.
    name: String,
    lang: Lang,
}

impl Voice {
    pub(super) fn new(rules: Arc<Rules>, name: String, lang: Lang) -> Self {
        Self { rules, name, lang }
    }
}

impl Scribe for Voice {
    fn bulletin(
        &self,
        event: &Transition,
        board: &Board,
        variant: &Variant,
        late: bool,
    ) -> Bulletin {
        let bulletin = bulletin::compose(event, board, variant, late, &self.rules.forest);
        // Texts that were checked one by one may be too long together; a warning that is cut short
        // is better than one that Telegram refuses.
        Bulletin { text: letters::fit(&bulletin.text), ..bulletin }
    }

    fn enough(&self, event: &Transition, board: &Board, place: &RegionId) -> Vec<AlertId> {
        board.enough(event, place, &self.rules.forest)
    }

    fn standing(
        &self,
        occasion: Occasion,
        places: &[RegionId],
        lang: Lang,
        board: &Board,
    ) -> (Message, Vec<AlertId>) {
        letters::standing(occasion, places, lang, board, &self.rules.forest)
    }

    fn canary(&self, at: Utc) -> Message {
        let at = at.format("%H:%M").to_string();
        let text = phrases::say(self.lang, &Phrase::Canary { name: &self.name, at: &at });
        Message { silent: true, ..Message::plain(text) }
    }

    fn report(&self, report: &Report, lang: Lang) -> Message {
        letters::progress(report, lang)
    }

    fn picture(
        &self,
        figures: Vec<FanoutFigures>,
        revision: Revision,
        lang: Lang,
    ) -> Option<Picture> {
        let forest = &self.rules.forest;
        let reaches = TransitionFigures::by_transition(figures);
        let reach = reaches.iter().find(|one| one.transition.alert.revision() == revision)?;
        let svg = curve::draw(&report::chart(reach, forest, lang));
        let drawn = png::raster(&svg).inspect_err(|fault| error!(error = %fault, "no picture"));
        Some(Picture { png: drawn.ok()?.into(), caption: report::caption(reach, forest, lang) })
    }
}
