//! The promises, held against what everyone saw once all is mended and quiet.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_model::id::{Place, RoomId, Seq};
use chinwag_model::message::Conversation;
use chinwag_model::record::Record;

use crate::bot::{Bot, Fate, Sighting, Visit};
use crate::truth::{Stored, Truth};
use crate::voice::{Caps, PAGE, To, Way};

/// Entries that may be on their way to a node when the world ends.
const ON_THEIR_WAY_MAX: u64 = 40;

/// All that is wrong with what bots sent and saw.
///
/// `tellings_max` is how often at most something that waited is told, if that can be said.
pub(crate) fn check_bots(
    bots: &[Bot],
    truth: &Truth,
    tellings_max: Option<usize>,
    wrong: &mut Vec<String>,
) {
    for bot in bots {
        check_waited(bot, truth, tellings_max, wrong);
        check_sent(bot, truth, wrong);
        for (number, visit) in bot.visits.iter().enumerate() {
            let who = format!("{}, connection {number} by {:?}", bot.name, visit.way);
            check_told(&who, bot, visit, truth, wrong);
            for (of, page) in &visit.read {
                check_page(&format!("{who}, reading {of:?}"), page, truth, wrong);
            }
        }
        check_missed(bot, truth, wrong);
    }
}

/// What was refused is not stored; what was granted is.
fn check_sent(bot: &Bot, truth: &Truth, wrong: &mut Vec<String>) {
    for sent in &bot.sent {
        let is_stored = truth.said.contains_key(&sent.token);
        match sent.fate {
            Fate::Refused if is_stored => {
                wrong.push(format!("{} was refused to {}, and is stored", sent.token, bot.name));
            }
            Fate::Granted if !is_stored => {
                wrong.push(format!("{} was granted to {}, and is lost", sent.token, bot.name));
            }
            _ => {}
        }
    }
}

/// What one connection was told comes once, in the one order, and in the lobby without a gap.
fn check_told(who: &str, bot: &Bot, visit: &Visit, truth: &Truth, wrong: &mut Vec<String>) {
    let mut last: BTreeMap<_, (Place, &str)> = BTreeMap::new();
    let mut lobby = Vec::new();
    let all = truth.lobby();
    // Who leaves a room and joins it again is told its past again; nobody does so with the lobby.
    let is_retold = matches!(visit.way, Way::Irc(Caps::Timed | Caps::Echo));
    let is_room = |c| matches!(c, Conversation::Room(room) if room != RoomId::LOBBY);
    for Sighting { token, .. } in &visit.told {
        let Some(stored) = truth.said.get(token) else { continue };
        if is_retold && is_room(stored.conversation) {
            continue;
        }
        let before = last.insert(stored.conversation, (stored.place, token));
        if let Some((place, other)) = before.filter(|(place, _)| *place >= stored.place) {
            let how = if place == stored.place { "twice" } else { "after a later one" };
            wrong.push(format!("{who}: {token} was told {how} ({other})"));
        }
        if all.binary_search_by_key(&stored.place, |(_, other)| other.place).is_ok() {
            lobby.push(token.as_str());
        }
    }
    let is_due = |stored: &Stored| visit.way.echoes() || stored.author.1 != bot.name;
    let from = all.iter().position(|(token, _)| lobby.first() == Some(token));
    let upto = match visit.is_last {
        true => all.len().checked_sub(1),
        false => all.iter().position(|(token, _)| lobby.last() == Some(token)),
    };
    if let (Some(from), Some(upto)) = (from, upto) {
        let seen: BTreeSet<&str> = lobby.into_iter().collect();
        for (token, stored) in all.get(from..=upto).unwrap_or_default() {
            if is_due(stored) && !seen.contains(token) {
                wrong.push(format!("{who}: {token} was not told, but what came before and after"));
            }
        }
    }
}

/// A page of history has all of a conversation between its first and its last message, in order.
fn check_page(who: &str, page: &[Sighting], truth: &Truth, wrong: &mut Vec<String>) {
    let stored: Vec<_> = page.iter().filter_map(|s| truth.said.get(&s.token)).collect();
    if stored.len() != page.len() {
        return wrong.push(format!("{who}: it has what is not stored"));
    }
    let (Some(first), Some(last)) = (stored.first(), stored.last()) else { return };
    let range = first.place..=last.place;
    let of = |s: &&Stored| s.conversation == first.conversation && range.contains(&s.place);
    let mut due: Vec<_> = truth.said.values().filter(of).map(|s| s.place).collect();
    due.sort_unstable();
    if stored.iter().map(|s| s.place).collect::<Vec<_>>() != due {
        wrong.push(format!("{who}: {} messages, and not the {} of the log", page.len(), due.len()));
    }
}

/// What was said to someone in private waited for them, and was told once, but where it was written to
/// a connection that broke; and by clients that leave nothing to be asked for. A page of what waited
/// is told again where a connection broke amid it.
fn check_waited(bot: &Bot, truth: &Truth, tellings_max: Option<usize>, wrong: &mut Vec<String>) {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for sighting in bot.visits.iter().flat_map(|visit| &visit.told) {
        *times.entry(&sighting.token).or_default() += 1;
    }
    let is_told_all = |visit: &Visit| visit.way != Way::Irc(Caps::Full);
    let is_due = !bot.was_twice && bot.visits.iter().all(is_told_all);
    let own = truth.said.iter().filter(|(_, stored)| stored.to.as_deref() == Some(bot.name));
    for (token, _) in own {
        let times = times.get(token.as_str()).copied().unwrap_or(0);
        if times == 0 && is_due && !bot.lost.contains(token) {
            wrong.push(format!("{}: {token} waited, and was never told", bot.name));
        }
        if tellings_max.is_some_and(|most| times > most + bot.breaks) {
            wrong.push(format!("{}: {token} was told {times} times", bot.name));
        }
    }
}

/// Who comes back and reads has missed nothing: in the lobby, and of what was said to them.
fn check_missed(bot: &Bot, truth: &Truth, wrong: &mut Vec<String>) {
    let Some(visit) = bot.visits.last() else { return };
    let read: BTreeSet<&str> = visit
        .read
        .iter()
        .flat_map(|(_, page)| page.iter().map(|sighting| sighting.token.as_str()))
        .collect();
    let is_lobby = |(of, _): &(To, _)| *of == To::Room("lobby");
    let shown = visit.read.iter().filter(|page| is_lobby(page)).count();
    if shown == 0 {
        return wrong.push(format!("{} never read the lobby's history", bot.name));
    }
    // Line mode tells the last ones, IRC all of them page by page.
    let most = if visit.way == Way::Line { PAGE } else { usize::MAX };
    for (token, _) in truth.lobby().iter().rev().take(most) {
        if !read.contains(token) {
            wrong.push(format!("{}: {token} is not in the lobby's history", bot.name));
        }
    }
    let mut private: BTreeMap<_, Vec<(Place, &str)>> = BTreeMap::new();
    for (token, stored) in &truth.said {
        if let Some(to) = &stored.to
            && (to == bot.name || stored.author.1 == bot.name)
        {
            private.entry(stored.conversation).or_default().push((stored.place, token));
        }
    }
    for said in private.values_mut() {
        said.sort_unstable();
        for (_, token) in said.iter().rev().take(most) {
            if !read.contains(token) {
                wrong.push(format!("{}: {token}, said in private, is not in history", bot.name));
            }
        }
    }
}

/// Every node has taken what the log holds, and has archived what follows from it.
pub(crate) fn check_node(
    at: usize,
    seq: Option<Seq>,
    rows: &[(Seq, Vec<Record>)],
    truth: &Truth,
    wrong: &mut Vec<String>,
) {
    let last = truth.last();
    match seq {
        None => wrong.push(format!("node {at} does not run")),
        Some(seq) if seq.0 + ON_THEIR_WAY_MAX < last.0 => {
            wrong.push(format!(
                "node {at} has taken entry {}, and the log ends at {}",
                seq.0, last.0
            ));
        }
        Some(_) => {}
    }
    let kept = rows.last().map_or(0, |(seq, _)| seq.0);
    if kept + ON_THEIR_WAY_MAX < last.0 {
        wrong.push(format!("node {at} has archived entry {kept}, and the log ends at {}", last.0));
    }
    for (row, truth) in rows.iter().zip(&truth.records) {
        if row != truth {
            return wrong
                .push(format!("node {at} has archived something else of entry {}", row.0.0));
        }
    }
}
