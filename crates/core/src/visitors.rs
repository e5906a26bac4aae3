//! Tests of the rules for those to whom rooms are channels: scripts over several rules.

use crate::stage::{Stage, check, play};

#[test]
fn who_makes_a_room_leads_it_and_who_comes_next_does_not() {
    check(
        "ana: visits
         bo: visits
         ana: visit tea
         bo: visit tea
         --
         bo: mode tea +m
         ana: mode tea +m
         bo: on tea hello
         ana: mode tea +v:bo
         bo: on tea hello",
        "bo told: refused, tea: RankNeeded(HalfOperator)
         ana bo see: ana changed tea: +Moderated
         ana told: changed
         bo told: refused, tea: Muted
         ana bo see: ana changed tea: +Voice bo
         ana told: changed
         kept: [tea] bo: hello
         ana bo see: [tea] bo: hello
         bo told: said",
    );
}

#[test]
fn a_person_and_a_room_made_by_a_visitor_may_have_one_name() {
    check(
        "ana: visits
         ana: visit bo
         --
         bo: visits
         bo: visit bo
         cy: enter
         cy: either bo hello",
        "bo told: in as bo, a guest, new
         nobody sees: bo is online
         ana bo see: bo joined bo
         bo told: in bo
         kept: cy has all up to here
         cy told: in as cy, new
         cy sees: cy is online
         kept: [to bo] cy: hello
         bo cy see: [to bo] cy: hello
         cy told: said",
    );
}

#[test]
fn a_closed_room_lets_in_who_is_invited_and_keeps_out_who_is_banned() {
    check(
        "ana: visits
         bo: visits
         cy: visits
         ana: visit tea
         ana: mode tea +i +b:cy!*@*
         --
         bo: visit tea
         ana: call bo tea
         bo: visit tea
         cy: visit tea
         ana: mode tea -i
         cy: visit tea
         ana: mode tea +k:secret -b:cy!*@*
         cy: visit tea
         cy: visit tea secret",
        "bo told: refused, tea: InviteOnly
         bo sees: ana invites bo to tea
         ana sees: ana invites bo to tea
         ana told: bo is told of tea
         ana bo see: bo joined tea
         bo told: in tea
         cy told: refused, tea: Banned
         ana bo see: ana changed tea: -InviteOnly
         ana told: changed
         cy told: refused, tea: Banned
         ana bo see: ana changed tea: +key secret, -Bans cy!*@*
         ana told: changed
         cy told: refused, tea: WrongKey
         ana bo cy see: cy joined tea
         cy told: in tea",
    );
}

#[test]
fn what_of_a_change_cannot_be_is_told_and_the_rest_is_done() {
    check(
        "ana: visits
         ana: visit tea
         --
         ana: mode tea +i +o:nobody +b:a!*@* +b:b!*@* +b:c!*@*",
        "ana sees: ana changed tea: +InviteOnly, +Bans a!*@*, +Bans b!*@*
         ana told: changed, but no such person nobody, tea: ListFull(Bans)",
    );
}

#[test]
fn nobody_is_put_out_by_who_ranks_below_them() {
    check(
        "ana: visits
         bo: visits
         ana: visit tea
         bo: visit tea
         ana: mode tea +h:bo
         --
         bo: kick tea ana
         ana: kick tea bo noise
         bo: on tea hello",
        "bo told: refused, tea: RankNeeded(Operator)
         ana bo see: ana put bo out of tea
         ana told: noted
         bo told: refused, tea: Outside",
    );
}

#[test]
fn what_is_said_to_operators_is_seen_by_them_and_the_speaker() {
    check(
        "ana: visits
         bo: visits
         cy: visits
         ana: visit tea
         bo: visit tea
         cy: visit tea
         --
         bo: ops tea help",
        "kept: [tea] bo: help
         ana bo see: [tea] bo: help
         bo told: said",
    );
}

#[test]
fn a_closed_room_is_forgotten_with_its_last_one_and_an_open_one_is_not() {
    let mut stage = Stage::new();
    stage.play(
        "ana: visits
         ana: visit open
         ana: on open hello
         ana: visit closed
         ana: mode closed +s
         ana: on closed hello
         ana: part open
         ana: part closed",
    );
    let rooms: Vec<_> = stage.state().rooms.values().map(|room| room.name.to_string()).collect();
    assert_eq!(rooms, ["lobby", "open"]);
}

#[test]
fn a_registered_room_stays_its_founders() {
    let told = play(
        "ana: visits
         ana: visit tea
         ana: register
         ana: found tea
         ana: mode tea +s
         ana: part tea
         bo: visits
         bo: visit tea
         --
         bo: mode tea -s
         ana: visit tea
         ana: mode tea -s",
    );
    assert_eq!(
        told,
        "bo told: refused, tea: RankNeeded(HalfOperator)\n\
         ana bo see: ana joined tea\n\
         ana told: in tea\n\
         ana bo see: ana changed tea: -Secret\n\
         ana told: changed"
    );
}

#[test]
fn a_guest_is_gone_for_good_and_an_account_stays_in_its_rooms() {
    check(
        "ana: visits
         ana: register
         ana: visit tea
         bo: visits
         bo: visit tea
         ana: exit
         --
         bo: on tea hello
         bo: tell ana hello
         bo: exit
         zoe: visits ana 1
         zoe: tell bo hello",
        "kept: [tea] bo: hello
         bo sees: [tea] bo: hello
         bo told: said
         kept: [to ana] bo: hello
         bo sees: [to ana] bo: hello
         bo told: said, ana is offline
         bo told: out
         nobody sees: bo is offline
         nobody sees: ana is now zoe
         zoe told: in as zoe
         nobody sees: zoe is online
         zoe told: refused, no such person bo",
    );
}

#[test]
fn by_logging_in_a_guest_brings_name_and_rooms_along() {
    check(
        "ana: visits
         ana: register
         ana: stay off
         ana: exit
         cy: visits
         bo: visits
         cy: visit tea
         bo: visit tea
         --
         bo: login ana 1
         bo: on tea hello
         cy: tell ana hello",
        "bo told: is bo now
         kept: [tea] bo: hello
         cy bo see: [tea] bo: hello
         bo told: said
         kept: [to bo] cy: hello
         cy bo see: [to bo] cy: hello
         cy told: said",
    );
}

#[test]
fn a_message_is_taken_back_by_its_author_or_who_leads() {
    check(
        "ana: visits
         bo: visits
         cy: visits
         ana: visit tea
         bo: visit tea
         cy: visit tea
         --
         bo: on tea hello
         cy: redact 8.0 bo tea
         ana: redact 8.0 bo tea",
        "kept: [tea] bo: hello
         ana bo cy see: [tea] bo: hello
         bo told: said
         cy told: refused, not yours
         kept: 8.0 is taken back
         ana bo cy see: ana took 8.0 back
         ana told: noted",
    );
}

#[test]
fn how_far_one_has_read_only_ever_moves_on() {
    check(
        "ana: visits
         ana: visit tea
         --
         ana: read #tea 5
         ana: read #tea 3
         ana: read #tea 9",
        "nobody sees: read #tea up to 5
         ana told: read up to 5
         ana told: read up to 5
         nobody sees: read #tea up to 9
         ana told: read up to 9",
    );
}

#[test]
fn only_an_operator_ends_others_sessions() {
    check(
        "ana: visits
         bo: visits
         --
         ana: kill bo
         ana: oper
         ana: kill bo noise
         bo: tell ana hello",
        "ana told: refused, operators only
         ana sees: ana is Flags(2)
         ana told: noted
         bo sees: ended by ana
         ana told: noted
         nobody sees: bo is offline
         bo told: refused, not in",
    );
}
