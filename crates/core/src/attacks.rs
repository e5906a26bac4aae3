//! Attacks on rooms, groups, names and invitations, and what others' advisories tell of: scripts over
//! several rules. A test that is called `adv_…` is named after the advisory in whose program it happened.

mod group;
mod hidden;
mod invitation;
mod name;
mod reading;

use std::sync::Arc;

use chinwag_model::id::{Place, Seq, Timestamp};
use chinwag_model::intent::Owner;
use chinwag_model::message::{Destination, Manner, Message};
use chinwag_model::mode::RoomList;
use chinwag_model::query::{
    Answer, Backlog, ChannelFilter, Filter, Line, Page, Query, Range, ReadingKind, Standing,
};

use chinwag_model::rank::Rank;
use chinwag_model::text::Text;

use crate::stage::{Stage, name, play};
use crate::state::{
    FORMER_NAME_MS, GROUP_BURST, GROUP_REFILL_MS, GROUPS_BY_OTHERS_MAX, INVITATION_MS,
};

fn stage(script: &str) -> Stage {
    let mut stage = Stage::new();
    stage.play(script);
    stage
}

/// What the last one who asked for something was told.
fn last_told(script: &str) -> String {
    let told = play(script);
    let last = told.lines().rfind(|line| line.contains(" told: "));
    last.unwrap_or_else(|| panic!("nothing told of {script}")).to_owned()
}

/// What is told last by each script.
#[track_caller]
fn check_last(before: &str, cases: &[(&str, &str)]) {
    for (script, expected) in cases {
        assert_eq!(last_told(&format!("{before}\n{script}")), *expected, "{script}");
    }
}

fn searched(stage: &mut Stage, label: &str) -> Vec<chinwag_model::id::RoomId> {
    let query = Query::Search { words: "x".into(), filter: Box::default(), limit: 9 };
    match stage.reading(label, &query).what {
        ReadingKind::Search { rooms, .. } => rooms,
        other => panic!("{other:?}"),
    }
}

/// Whether someone reads a room by each question that there is; all have to agree.
#[track_caller]
fn reads(stage: &mut Stage, label: &str, room: &str) -> bool {
    let called = name(room);
    let id = stage.state().channel(&called).unwrap().0;
    let session = stage.session(label);
    let later = |stage: &Stage, query: &Query| {
        matches!(stage.state().answer(session, query), crate::answer::Response::Later(_))
    };
    let member = stage.state().rooms[&id].members.contains_key(&stage.person(label));
    let history = later(stage, &Query::History { of: called.clone(), limit: 9 });
    let lines = Query::Lines {
        of: Owner::Room(called.clone()),
        range: Range::Latest(None),
        limit: 9,
        happenings: true,
    };
    assert_eq!(later(stage, &lines), member, "CHATHISTORY is for members");
    let topic = matches!(stage.ask(label, &Query::Topic(id)), Answer::Topic(Some(_)));
    let row = match stage.ask(label, &Query::Channel(called.clone())) {
        Answer::Channel(row) => row,
        other => panic!("{other:?}"),
    };
    let listed = match stage
        .ask(label, &Query::Channels { filter: Box::new(ChannelFilter::default()), after: None })
    {
        Answer::Channels(Page { rows, .. }) => rows.into_iter().find(|row| row.card.id == id),
        other => panic!("{other:?}"),
    };
    let metadata = matches!(
        stage.ask(label, &Query::Metadata(Owner::Room(called.clone()))),
        Answer::Metadata(Some(_))
    );
    let names = matches!(
        stage.ask(label, &Query::Names { room: called.clone(), masks: false, after: None }),
        Answer::Names(Some(_), _)
    );
    let who = matches!(
        stage.ask(label, &Query::Members { room: called, after: None }),
        Answer::Members(Some(_), _)
    );
    let here = matches!(stage.ask(label, &Query::Present { room: id, after: None }), Answer::Present(page) if !page.rows.is_empty());
    let found = searched(stage, label).contains(&id);
    let told = [
        history,
        later(stage, &Query::RoomHistory { room: id, limit: 9 }),
        topic,
        row.as_ref().is_some_and(|row| row.reads && row.topic.is_some()),
        listed.is_some_and(|row| row.topic.is_some()),
        metadata,
        names,
        who,
        here,
        found,
    ];
    assert!(told.iter().all(|one| *one == told[0]), "{label}: {told:?}");
    told[0]
}
