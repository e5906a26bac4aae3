//! Invitations: what they pass, and what ends them.

use super::*;

/// A room that ana leads and where bo is a plain member, and cy and dora, who are not in it.
const INVITING: &str = "ana: visits
    ana: register
    bo: visits
    cy: visits
    dora: visits
    ana: visit tea
    bo: visit tea";

#[test]
fn attack_a_plain_members_invitation_passes_no_lock_on_any_face() {
    for (lock, no) in
        [("+b:cy!*@*", "Banned"), ("+k:x", "WrongKey"), ("+l:2", "Full"), ("+R", "AccountsOnly")]
    {
        for order in ["bo: call cy tea", "bo: invite cy tea"] {
            let refused = format!("cy told: refused, tea: {no}");
            let (before, after) = (
                format!("ana: mode tea {lock}\n{order}"),
                format!("{order}\nana: mode tea {lock}"),
            );
            for script in [before, after] {
                check_last(INVITING, &[(&format!("{script}\ncy: visit tea"), &refused)]);
            }
        }
    }
    for order in ["bo: call cy tea", "bo: invite cy tea"] {
        let script = format!("ana: mode tea +i\n{order}");
        check_last(INVITING, &[(&script, "bo told: refused, tea: RankNeeded(HalfOperator)")]);
        let script = format!("{order}\nana: mode tea +i\ncy: visit tea");
        check_last(INVITING, &[(&script, "cy told: refused, tea: InviteOnly")]);
    }
}

#[test]
fn who_leads_a_room_invites_past_its_locks_once() {
    for lock in ["+b:cy!*@*", "+k:x", "+l:2", "+R", "+i"] {
        for order in ["ana: call cy tea", "ana: invite cy tea"] {
            let script = format!("{INVITING}\nana: mode tea {lock}\n{order}");
            check_last(
                &script,
                &[("cy: visit tea", "cy told: in tea"), ("cy: join tea", "cy told: in tea")],
            );
            let again = last_told(&format!("{script}\ncy: visit tea\ncy: part tea\ncy: visit tea"));
            assert!(again.starts_with("cy told: refused"), "{lock}: {again}");
        }
    }
}

#[test]
fn attack_an_invitation_outlives_nothing_that_is_meant_to_end_it() {
    let invited = format!("{INVITING}\nana: mode tea +i\nana: call cy tea");
    let day = INVITATION_MS / 1000;
    let (over, not_yet) = (format!("clock: {day}\n"), format!("clock: {}\n", day - 10));
    for (what, no) in [
        ("ana: mode tea -i +i\n", "InviteOnly"),
        ("ana: mode tea +b:cy!*@*\n", "Banned"),
        // It does not come back when the ban is lifted.
        ("ana: mode tea +b:cy!*@*\nana: mode tea -b:cy!*@*\n", "InviteOnly"),
        ("ana: mode tea +b:nemo!*@*\ncy: shown nemo\n", "Banned"),
        ("ana: uninvite cy tea\n", "InviteOnly"),
        (over.as_str(), "InviteOnly"),
        ("cy: visit tea\nana: kick tea cy\n", "InviteOnly"),
        ("ana: mode tea -o:ana\n", "InviteOnly"),
    ] {
        let no = format!("cy told: refused, tea: {no}");
        check_last(&invited, &[(&format!("{what}cy: visit tea"), &no)]);
    }
    check_last(
        &invited,
        &[
            (&format!("{not_yet}cy: visit tea"), "cy told: in tea"),
            ("ana: mode tea +b:dora!*@*\ncy: visit tea", "cy told: in tea"),
            ("ana: mode tea +o:bo\nana: part tea\ncy: visit tea", "cy told: in tea"),
            // Those whom someone invited who is put out do not come in by that.
            (
                "ana: mode tea +o:bo\nbo: call dora tea\nana: kick tea bo\ndora: visit tea",
                "dora told: refused, tea: InviteOnly",
            ),
        ],
    );
}

#[test]
fn an_invitation_is_taken_back_by_who_gave_it_and_who_leads() {
    check_last(
        &format!("{INVITING}\nana: mode tea +i +h:bo\nbo: call cy tea"),
        &[
            ("bo: uninvite cy tea", "bo told: cy is not invited to tea"),
            ("ana: uninvite cy tea", "ana told: cy is not invited to tea"),
            ("ana: uninvite dora tea", "ana told: refused, dora has no invitation to tea"),
            ("ana: uninvite nemo tea", "ana told: refused, no such person nemo"),
            ("cy: uninvite cy tea", "cy told: refused, tea: NotIn"),
            (
                "ana: mode tea -h:bo\nbo: uninvite cy tea",
                "bo told: refused, tea: RankNeeded(HalfOperator)",
            ),
            ("ana: mode tea +s\ndora: uninvite cy tea", "dora told: refused, no such room tea"),
        ],
    );
}
