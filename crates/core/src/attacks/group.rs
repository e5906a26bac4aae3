//! Groups: into them, and out of them.

use super::*;

#[test]
fn attack_nobody_is_put_into_a_group_by_someone_they_ignore() {
    check_last(
        "ana: enter
         bo: enter
         cy: enter
         bo: ignore ana
         ana: group own",
        &[
            ("ana: group grp bo", "ana told: refused, bo can't be put into groups"),
            ("ana: group grp cy bo", "ana told: refused, bo can't be put into groups"),
            ("ana: invite bo own", "ana told: refused, bo can't be put into groups"),
            ("ana: call bo own", "ana told: refused, bo can't be put into groups"),
            ("bo: unignore ana\nana: call bo own", "ana told: bo is in own"),
        ],
    );
}

#[test]
fn attack_others_fill_at_most_a_hundred_of_ones_rooms_and_slowly() {
    let mut stage = stage("bo: enter\nbo: group mine");
    // A new throwaway name each few groups, as one name can't go on so fast.
    let mut refused = String::new();
    for n in 0..GROUPS_BY_OTHERS_MAX + 5 {
        if n % 10 == 0 {
            stage.play(&format!("t{0}: enter t{0}", n / 10));
        }
        refused = stage.play(&format!("--\nt{}: group g{n} bo", n / 10));
    }
    let last = (GROUPS_BY_OTHERS_MAX + 4) / 10;
    assert_eq!(refused, format!("t{last} told: refused, bo can't be put into groups"));
    // One's own do not count, and one that is left makes room.
    assert!(stage.play("--\nbo: group mine2").starts_with("bo told: group mine2"));
    stage.play("bo: leave g3");
    let again = stage.play(&format!("--\nt{last}: group more bo"));
    assert!(again.contains("told: group more"), "{again}");
    stage.restore();
    let full = stage.play(&format!("--\nt{last}: group most bo"));
    assert!(full.ends_with("bo can't be put into groups"), "after a restart: {full}");
}

#[test]
fn attack_one_name_makes_groups_no_faster_than_people_do() {
    let mut stage = stage("ana: enter\nbo: enter\ncy: enter");
    let mut made = 0;
    // A script's line takes a second.
    for n in 0..GROUP_BURST + 5 {
        let told = stage.play(&format!("--\nana: group g{n}"));
        made += i64::from(told.contains("told: group"));
        assert!(told.contains("told: group") || told.contains("too fast"), "{told}");
    }
    assert_eq!(made, GROUP_BURST);
    stage.restore();
    for script in ["ana: invite bo g1", "ana: call bo g1", "ana: group more"] {
        let told = stage.play(&format!("--\n{script}"));
        assert!(told.contains("too fast"), "{script}: {told}");
    }
    assert!(stage.play("--\ncy: group other").contains("told: group"));
    let told = stage.play(&format!("clock: {}\n--\nana: invite bo g1", GROUP_REFILL_MS / 1000));
    assert!(told.contains("bo is in g1"), "{told}");
}

#[test]
fn attack_strangers_put_nobody_into_groups_who_takes_messages_from_accounts_only() {
    let mut stage = stage("bo: visits\nbo: register\nana: enter\nana: group grp");
    stage.play("bo: accounts only");
    assert_eq!(stage.play("--\nana: call bo grp"), "ana told: refused, bo takes nothing");
    assert_eq!(stage.play("--\nana: group more bo"), "ana told: refused, bo takes nothing");
}

#[test]
fn who_left_a_group_reads_nothing_of_it_and_nothing_of_it_waits() {
    let mut stage = stage(
        "ana: enter
         bo: enter
         ana: group grp bo
         ana: in grp before
         bo: leave grp
         ana: in grp after",
    );
    assert!(matches!(
        stage.ask("bo", &Query::History { of: name("grp"), limit: 9 }),
        Answer::NoSuchHistory(_)
    ));
    let room = stage.room("grp");
    assert_eq!(stage.ask("bo", &Query::RoomHistory { room, limit: 9 }), Answer::Unavailable);
    assert_eq!(backlog_groups(&mut stage, "bo"), 0);
    assert_eq!(backlog_groups(&mut stage, "ana"), 1);
    assert!(!searched(&mut stage, "bo").contains(&room));
    // Whoever is added again is told what is said from then on.
    stage.play("ana: invite bo grp");
    let since = stage.state().rooms[&room].members[&stage.person("bo")].since;
    assert_eq!(since.seq, stage.state().seq());
}

fn backlog_groups(stage: &mut Stage, label: &str) -> usize {
    let upto = Place::default();
    match stage.reading(label, &Query::Backlog { upto, after: None }).what {
        ReadingKind::Backlog { groups, .. } => groups.len(),
        other => panic!("{other:?}"),
    }
}
