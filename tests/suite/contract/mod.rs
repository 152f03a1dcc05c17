//! What every store must do, told once and run on each.
//!
//! A story takes an empty store and nothing else; a new store joins by one more module in
//! [`stories`] that makes one.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "stories are tests, which the lint knows only by their attribute"
)]

mod audience;
mod chats;
mod deeds;
mod figures;
mod progress;
mod random;
mod readers;
mod sqlite_only;
mod tidying;
mod tiers;
mod world;

use nabat::store::{memory::Memory, sqlite::Sqlite};
use tempfile::TempDir;

/// An empty database, and the directory it is in.
async fn database() -> (Sqlite, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&dir.path().join("nabat.db")).await.unwrap();
    (store, dir)
}

macro_rules! stories {
    ($($room:ident::{$($story:ident),+ $(,)?})+) => {
        mod memory {
            use super::*;
            $($(
                #[tokio::test]
                async fn $story() {
                    super::$room::$story(Memory::default()).await;
                }
            )+)+
        }

        mod sqlite {
            use super::*;
            $($(
                #[tokio::test]
                async fn $story() {
                    let (store, _dir) = database().await;
                    super::$room::$story(store).await;
                }
            )+)+
        }
    };
}

stories! {
    chats::{
        a_chat_that_was_met_is_known_and_speaks_its_language,
        places_are_told_in_the_order_they_were_named,
        subscribing_twice_is_subscribing_once,
        a_chat_that_was_never_met_can_not_subscribe,
        a_chat_that_left_is_not_known,
        a_chat_that_left_and_came_back_starts_anew,
        a_retired_chat_that_comes_back_has_the_places_it_had,
        a_suspended_chat_that_comes_back_lives_only_where_it_lived_last,
        a_chat_takes_part_in_exercises_until_it_does_not,
        the_same_person_on_two_bots_is_two_chats,
        a_group_that_moves_takes_everything_along,
        a_group_that_moves_to_a_known_id_is_merged,
        a_group_moves_once,
    }
    deeds::{
        an_update_is_acted_upon_once,
        the_broadcasts_of_one_transition_know_each_other,
        numbers_of_alerts_are_never_reused,
        a_second_alert_with_the_same_number_is_a_conflict,
        a_transition_from_an_old_state_is_a_conflict_and_nothing_is_done,
        an_ended_alert_can_not_be_turned_again,
        the_end_of_an_expired_alert_can_be_confirmed_once,
        an_alert_can_expire_and_be_ended_in_one_deed,
        the_board_shows_active_alerts_and_what_has_settled,
        a_challenge_is_used_up_by_its_answer,
        a_challenge_that_was_called_off_releases_nothing,
        a_code_in_use_can_not_be_drawn_again,
        open_challenges_of_an_issuer_are_told_newest_first,
        every_kind_of_act_survives_being_recorded,
        whoever_watches_gets_a_letter_to_be_kept_up_to_date,
        letters_are_read_in_order_and_from_where_one_left_off,
        two_alerts_can_be_turned_in_one_deed,
    }
    audience::{
        the_audience_is_those_under_the_ceiling,
        whoever_unsubscribes_before_is_not_in_the_audience_and_after_is_met_as_left,
        a_chat_that_returns_draws_a_new_place_in_the_walk,
        a_chat_of_two_places_is_met_once_at_the_earlier,
        a_chat_that_lives_on_in_another_place_is_told_by_that,
        the_dead_and_the_shut_are_met_with_their_standing,
        an_exercise_is_for_those_who_take_part,
        whoever_declines_an_exercise_meanwhile_is_met_as_left,
        reach_counts_those_who_would_be_told_now,
        an_end_goes_to_those_who_were_told_and_to_no_one_else,
        what_takes_the_place_of_an_end_in_a_part_goes_to_its_readers,
        a_reader_is_met_once_by_the_first_row,
        places_are_walked_before_readers_are_closed,
        the_walk_of_readers_does_not_end_before_they_are_closed,
        closing_readers_twice_changes_nothing,
        readers_who_left_or_died_are_met_with_their_standing,
        a_partial_end_meets_the_places_that_remain_and_readers_elsewhere_last,
        a_chat_of_an_ended_place_and_a_remaining_one_is_met_once_at_the_remaining,
        a_reader_who_comes_to_a_remaining_place_after_the_ceiling_is_still_a_reader,
        a_reader_who_declined_an_exercise_is_met_among_the_readers,
        what_a_broadcast_logs_itself_makes_nobody_its_own_reader,
        a_letter_makes_a_reader_of_someone_never_met,
        an_unknown_broadcast_has_nobody,
        a_merged_group_is_met_once_and_the_count_stays,
    }
    readers::{
        groups_and_channels_go_first_however_late_they_learnt_of_it,
        whoever_is_told_after_the_opening_is_met_behind_the_cursor_of_nobody,
        a_group_keeps_its_turn_among_readers_when_it_moves_or_merges,
        a_partial_end_meets_a_group_elsewhere_before_the_people_there,
    }
    progress::{
        progress_is_read_back_as_it_was_saved,
        progress_never_goes_backwards,
        a_save_repeated_changes_nothing,
        a_broadcast_that_closed_is_not_open,
        a_retry_does_not_strike_a_chat_that_came_back,
        a_chat_not_found_on_two_alerts_is_retired,
        a_chat_becomes_a_reader_of_every_alert_it_was_told_of,
        an_uncertain_send_makes_a_reader_and_a_failed_one_does_not,
        a_settled_letter_is_forgotten_and_strikes_the_chat,
        a_watch_is_kept_until_it_is_done,
        limits_are_remembered,
        a_heir_follows_and_a_repetition_says_so_again,
        a_heir_that_is_in_the_audience_by_itself_is_not_told_twice,
        a_send_settled_under_the_old_id_makes_the_new_one_a_reader,
    }
    figures::{
        an_alert_nobody_raised_has_no_figures,
        figures_are_those_of_the_broadcast_as_far_as_it_got,
        times_are_those_of_the_log,
        a_send_is_counted_once_however_often_it_is_saved,
        why_sends_failed_is_kept,
        who_may_have_two_copies_is_counted,
        a_clock_that_was_set_back_leaves_figures,
        figures_outlive_the_log_and_whoever_left,
        a_report_sums_over_the_bots_of_each_transition,
        what_was_not_sent_is_told_apart_and_stars_are_counted,
    }
    tiers::{
        whoever_reaches_most_is_met_first_then_whoever_is_nearest,
        a_tier_changes_when_no_broadcast_is_open,
        a_month_of_silence_and_a_word_change_whose_turn_it_is,
        a_page_says_what_each_chat_knows_and_by_which_message,
        what_another_alert_mentions_is_knowledge_without_a_message,
        who_was_told_is_asked_by_place_certainty_and_time,
        a_broadcast_is_held_let_go_on_and_stopped,
    }
    tidying::{
        what_an_open_broadcast_can_see_stays,
        a_chat_that_left_is_forgotten_when_nobody_needs_it,
        a_struck_chat_is_not_forgotten,
        updates_are_forgotten_but_for_the_last,
        challenges_are_forgotten_long_after_they_expired,
        the_log_of_an_ended_alert_is_forgotten_after_two_days,
    }
}
