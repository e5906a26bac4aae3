//! Names that look like others, and former names of registered rooms.

use super::*;

#[test]
fn attack_a_room_that_looks_like_one_that_people_know_is_not_made() {
    check_last(
        "ana: visits
         ana: visit tea-1
         bo: visits",
        &[
            ("bo: visit 1obby", "bo told: refused, 1obby looks like lobby"),
            ("bo: visit lоbby", "bo told: refused, lоbby looks like lobby"),
            ("bo: visit LOBBУ", "bo told: refused, LOBBУ looks like lobby"),
            ("bo: visit tea-l", "bo told: refused, tea-l looks like tea-1"),
            ("bo: join tea-l", "bo told: refused, tea-l looks like tea-1"),
            ("bo: visit mine\nbo: rename mine tea-l", "bo told: refused, tea-l looks like tea-1"),
            ("bo: visit mine\nbo: rename mine l0bby", "bo told: refused, l0bby looks like lobby"),
            // The room itself may be renamed so, and others that are called otherwise be made.
            ("ana: rename tea-1 tea-l", "ana told: noted"),
            ("bo: visit tea-2", "bo told: in tea-2"),
        ],
    );
}

#[test]
fn attack_the_refusal_of_a_look_alike_tells_of_no_hidden_room() {
    // A secret one that is not registered is no obstacle, and others are not named.
    let secret = "ana: visits\nana: register\nana: visit tea-1\nana: mode tea-1 +s\nbo: visits";
    check_last(secret, &[("bo: visit tea-l", "bo told: in tea-l")]);
    let registered = format!("{secret}\nana: found tea-1");
    check_last(&registered, &[("bo: visit tea-l", "bo told: refused, tea-l can't be taken")]);
    let in_line_mode = "ana: enter\nana: group plan-1\nbo: enter";
    check_last(
        in_line_mode,
        &[
            ("bo: join plan-l", "bo told: refused, plan-l can't be taken"),
            ("bo: nick plan-l", "bo told: refused, plan-l can't be taken"),
            ("plan-l: enter", "plan-l told: refused, plan-l can't be taken"),
        ],
    );
}

#[test]
fn a_room_that_was_there_first_keeps_its_place() {
    check_last(
        "ana: visits
         ana: visit tea-1
         ana: mode tea-1 +s
         bo: visits
         bo: visit tea-l
         ana: mode tea-1 -s",
        &[
            ("cy: visits\ncy: visit tea-1", "cy told: in tea-1"),
            ("cy: visits\ncy: visit tea-l", "cy told: in tea-l"),
        ],
    );
}

/// A room of ana's, which bo leads.
const REGISTERED: &str = "ana: visits
    ana: register
    ana: visit tea
    ana: found tea
    bo: visits
    bo: register
    bo: visit tea
    ana: mode tea +o:bo
    cy: visits
    dora: visits
    dora: oper";

#[test]
fn attack_an_operator_of_a_registered_room_does_not_take_its_name() {
    check_last(
        REGISTERED,
        &[
            ("bo: rename tea stolen", "bo told: refused, tea: RankNeeded(Founder)"),
            ("cy: rename tea stolen", "cy told: refused, tea: NotIn"),
            (
                "ana: mode tea +q:bo\nbo: rename tea stolen",
                "bo told: refused, tea: RankNeeded(Founder)",
            ),
            ("ana: rename tea coffee", "ana told: noted"),
            ("dora: rename tea coffee", "dora told: noted"),
        ],
    );
}

#[test]
fn attack_the_former_name_of_a_registered_room_is_kept_for_its_founder() {
    let renamed = format!("{REGISTERED}\nana: rename tea coffee");
    check_last(
        &renamed,
        &[
            ("bo: visit tea", "bo told: refused, tea is kept"),
            ("bo: join tea", "bo told: refused, tea is kept"),
            ("bo: visit mine\nbo: rename mine tea", "bo told: refused, tea is kept"),
            ("cy: visit tea", "cy told: refused, tea is kept"),
            ("ana: visit tea", "ana told: in tea"),
            ("ana: rename coffee tea", "ana told: noted"),
            ("ana: rename coffee tea\nbo: visit coffee", "bo told: refused, coffee is kept"),
        ],
    );
    let day = FORMER_NAME_MS / 1000;
    check_last(&renamed, &[(&format!("clock: {day}\nbo: visit tea"), "bo told: in tea")]);
    // Also after a restart, and from look-alikes; a room of nobody's keeps no name.
    let mut stage = stage(&format!("{REGISTERED}\nana: rename tea tea-1\nana: rename tea-1 other"));
    stage.restore();
    assert_eq!(stage.play("--\nbo: visit tea-l"), "bo told: refused, tea-l is kept");
    check_last(
        "bo: visits\nbo: visit a\nbo: rename a b\ncy: visits",
        &[("cy: visit a", "cy told: in a")],
    );
}

#[test]
fn attack_renaming_to_and_fro_keeps_only_a_few_names() {
    let mut script = REGISTERED.to_owned();
    let mut was = "tea".to_owned();
    for n in 0..20 {
        script.push_str(&format!("\nana: rename {was} name{n}"));
        was = format!("name{n}");
    }
    check_last(
        &script,
        &[
            ("cy: visit name1", "cy told: in name1"),
            ("cy: visit name18", "cy told: refused, name18 is kept"),
        ],
    );
}

#[test]
fn a_name_that_persons_shared_with_a_registered_room_is_kept_from_them_too() {
    check_last(
        "ana: enter with v
         ana: join tea
         ana: found tea
         ana: rename tea coffee",
        &[
            ("tea: enter", "tea told: refused, tea is kept"),
            ("bo: enter\nbo: nick tea", "bo told: refused, tea is kept"),
        ],
    );
}
