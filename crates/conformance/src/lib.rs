//! One test suite for every store, blob store, bus and presence, which also covers the store in memory that other
//! crates test on.
//!
//! Knows only the ports, never an adapter: `conformance::store!(name, constructor)` runs the suite on whatever the
//! constructor opens; `blobs!`, `bus!` and `presence!` do the same.

pub mod suite;

/// Runs the suite: a module `name` with one test for each case. The constructor is an async function without arguments
/// that returns a `Result` of something with a method `store()`, empty each time. A store whose rows expire by
/// themselves (a TTL) passes `expires_by_itself` and tests that itself.
#[macro_export]
macro_rules! store {
    ($name:ident, $open:expr) => {
        $crate::store! { @cases $name; $open;
            sweeps:
                expired_sessions_and_tickets_are_swept
                marks_of_dropped_notifications_are_swept
                old_audit_records_are_swept;
        }
    };
    ($name:ident, $open:expr, expires_by_itself) => {
        $crate::store! { @cases $name; $open; }
    };
    (@cases $name:ident; $open:expr; $($more:ident: $($case:ident)*;)*) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            $crate::cases! { $open;
                append:
                    a_new_log_has_an_empty_tip
                    an_append_moves_the_tip
                    many_entries_go_in_one_append
                    an_older_tip_is_a_conflict
                    a_tip_above_the_head_is_a_conflict
                    a_tip_of_another_epoch_is_refused
                    entries_with_a_gap_are_not_written
                    concurrent_appenders_make_no_gap_and_no_duplicate
                    a_conflict_does_not_affect_other_logs
                    an_acked_append_is_in_the_next_read
                    unknown_kinds_and_versions_are_kept;
                reads:
                    every_range_reads_what_was_appended
                    pages_hold_messages_only
                    messages_are_read_by_seq
                    messages_of_several_rooms_come_in_one_read
                    keys_match_their_entries
                    a_read_ends_where_its_bytes_are_full
                    an_edit_is_stored_without_text
                    all_logs_come_in_pages
                    the_floor_blanks_what_is_below;
                changes:
                    nothing_before_the_start
                    each_changed_log_comes_with_its_head
                    no_append_is_missed_while_others_write
                    a_cursor_of_another_epoch_is_lost;
                row_writes:
                    rows_equal_those_of_the_model
                    a_message_takes_its_new_content
                    a_deleted_message_stays_deleted
                    a_member_row_keeps_its_level
                    own_rows_keep_marks_and_settings
                    a_join_raises_the_mark
                    an_older_own_row_is_ignored
                    a_slug_has_one_room
                    concurrent_claims_of_a_slug_have_one_winner
                    a_refused_slug_writes_nothing
                    a_file_is_sent_once_and_by_its_owner
                    all_read_spares_new_notifications;
                rooms:
                    a_room_is_found_by_id_and_slug
                    members_come_in_pages
                    members_are_counted
                    memberships_of_several_rooms_come_in_one_read
                    user_rooms_come_in_pages_with_heads
                    left_rooms_are_not_listed
                    the_directory_lists_public_rooms
                    users_who_share_a_room_are_found
                    requests_count_only_once_they_are_answered
                    blocks_are_of_one_user
                    head_hints_name_known_logs
                    pins_threads_and_reactors_are_listed;
                marks:
                    a_mark_only_rises
                    a_mark_needs_a_row
                    mentions_are_a_bounded_set
                    a_mention_is_taken_back
                    marks_of_several_users;
                notifications:
                    pages_are_newest_first
                    unread_are_counted_up_to_a_cap
                    a_changed_notification_stays_read_or_unread
                    a_dropped_notification_leaves_a_mark;
                people:
                    names_and_addresses_for_sign_in_are_unique
                    names_that_look_alike_as_written_are_taken
                    an_address_is_a_contact_and_stays_a_way_to_sign_in_until_it_changes
                    the_first_registered_user_is_admin
                    concurrent_first_users_make_one_admin
                    a_guest_becomes_a_registered_user
                    details_change
                    unknown_users_are_not_found
                    several_users_come_in_one_read
                    names_by_prefix_come_in_pages;
                accounts:
                    the_last_admin_keeps_the_role
                    concurrent_losses_of_rights_leave_an_admin
                    a_deleted_account_leaves_its_id_and_holds_its_name_back
                    the_last_admin_is_not_deleted
                    a_deletion_is_listed_until_it_is_finished;
                audit:
                    records_come_newest_first_in_pages
                    a_record_is_replaced_by_its_outcome;
                sessions:
                    a_session_opens_and_ends
                    ending_all_names_the_open_ones
                    a_token_rotates
                    concurrent_rotations_rotate_once
                    a_ticket_is_taken_once
                    expired_sessions_and_tickets_are_ignored;
                files:
                    a_file_goes_through_its_states
                    lists_of_files_come_in_order
                    bytes_count_until_their_row_is_forgotten
                    a_sent_file_counts_until_it_is_forgotten
                    what_does_not_fit_into_a_quota_is_not_written
                    concurrent_uploads_never_exceed_a_quota
                    old_and_dropped_files_expire
                    a_sent_file_is_not_taken_by_a_sweep;
                feed:
                    cursors_only_rise
                    an_old_fence_cannot_advance
                    a_lease_has_one_holder
                    concurrent_requests_for_a_lease_have_one_holder
                    rooms_behind_are_found;
                nodes:
                    nodes_with_heartbeats_are_alive
                    connections_are_found_by_user_and_room
                    the_state_of_a_socket_is_kept_until_it_expires
                    concurrent_changes_of_a_sockets_state_have_one_winner
                    expired_connections_are_swept;
                $($more: $($case)*;)*
            }
        }
    };
}

/// Runs the suite of [`service::ports::Blobs`]: a module `name` with one test for each case. The constructor is an async
/// function without arguments that returns a `Result` of something with a method `blobs()`.
#[macro_export]
macro_rules! blobs {
    ($name:ident, $open:expr) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            $crate::blob_cases! { $open;
                a_blob_is_read_whole
                ranges_are_clamped_to_the_blob
                nothing_is_kept_of_a_blob_that_is_too_large
                nothing_is_kept_of_an_interrupted_put
                a_second_put_replaces_the_whole_blob
                many_blobs_are_put_and_read_concurrently
                a_missing_blob_is_not_found
                no_key_escapes
            }
        }
    };
}

/// The tests of [`blobs!`].
#[doc(hidden)]
#[macro_export]
macro_rules! blob_cases {
    ($open:expr; $($case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let opened = ($open)().await.expect("the blob store opens");
                $crate::suite::blobs::$case(opened.blobs()).await;
            }
        )*
    };
}

/// Runs the suite of `Bus`: the constructor is an async function that returns a [`suite::bus::BusNodes`], on which
/// nothing else is published.
#[macro_export]
macro_rules! bus {
    ($name:ident, $open:expr) => {
        $crate::nodes_cases! { $name, bus, $open;
            followers_hear_others_and_never_themselves
            every_message_arrives_as_it_was_sent
            messages_after_a_subscription_are_heard
            many_logs_are_followed_at_once
            an_unsubscribed_node_hears_nothing
            flushed_messages_are_published
            a_bus_that_works_is_up
        }
    };
}

/// Runs the suite of `PresenceStore`: the constructor is an async function that returns a
/// [`suite::presence::PresenceNodes`] without users.
#[macro_export]
macro_rules! presence {
    ($name:ident, $open:expr) => {
        $crate::nodes_cases! { $name, presence, $open;
            the_best_connection_counts
            unknown_users_are_offline_and_answers_keep_the_order
            a_presence_without_a_refresh_expires
            a_user_has_only_so_many_connections
            each_node_gets_each_change_once
            the_end_of_the_best_connection_is_a_change
            a_user_who_came_and_went_between_two_reads_did_not_change
            many_users_come_and_go_together
            typing_ends_explicitly_or_expires
        }
    };
}

/// Runs the suite of `SharedLimits`: the constructor is an async function that returns a
/// [`suite::limits::LimitNodes`] without counts.
#[macro_export]
macro_rules! limits {
    ($name:ident, $open:expr) => {
        $crate::nodes_cases! { $name, limits, $open;
            nodes_together_admit_what_one_does
            a_place_that_is_given_back_is_free
            concurrent_nodes_never_admit_more
            what_was_admitted_already_counts
            keys_do_not_share_a_count
        }
    };
}

/// The tests of [`bus!`], [`presence!`] and [`limits!`].
#[doc(hidden)]
#[macro_export]
macro_rules! nodes_cases {
    ($name:ident, $port:ident, $open:expr; $($case:ident)*) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    $crate::suite::$port::$case(($open)().await).await;
                }
            )*
        }
    };
}

/// The tests of [`store!`].
#[doc(hidden)]
#[macro_export]
macro_rules! cases {
    ($open:expr; $($port:ident: $($case:ident)*;)*) => {
        $(
            mod $port {
                #[allow(unused_imports)]
                use super::*;
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $case() {
                        let opened = ($open)().await.expect("the store opens");
                        $crate::suite::$port::$case(opened.store()).await;
                    }
                )*
            }
        )*
    };
}

#[cfg(test)]
mod tests;
