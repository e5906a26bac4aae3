//! Groups: `mk_grp:` makes one, `/groups` tells one's own.

use chinwag_model::intent::{GROUP_NAMED_MAX, Intent};
use chinwag_model::name::NewName;
use chinwag_model::query::{Answer, GroupRow, Query};
use chinwag_wire::line::typed::BLANKS;

use super::{Command, Form, Read, Section, intent, person, query, usage};
use crate::line::Output;
use crate::line::refusal::{self, not_a_name};
use crate::line::render::listed;
use crate::line::talk::{Next, Talk, Told};

const USAGE: &str = "mk_grp:GROUP:NAME:NAME";

pub(super) const COMMANDS: &[Command] = &[
    Command {
        help: Some((Section::Rooms, "make a group of up to 32 people and you")),
        run: |rest, _, _| make(rest),
        ..Command::new(Form::Prefix("mk_grp:"), USAGE)
    },
    Command {
        help: Some((Section::Rooms, "your groups")),
        run: |_, _, _| Ok(query(Query::Groups { after: None }, Groups { begun: false })),
        ..Command::new(Form::Slash("groups"), "/groups")
    },
];

fn make(rest: &str) -> Read {
    let mut names = rest.split(':').map(|name| name.trim_matches(BLANKS));
    let typed = names.next().unwrap_or_default();
    let members = names.filter(|name| !name.is_empty());
    let named = members.clone().count();
    if typed.is_empty() || named == 0 {
        return Err(usage(USAGE));
    }
    if named > GROUP_NAMED_MAX {
        return Err(refusal::no_group(&refusal::too_many_named(named)));
    }
    let name = NewName::parse(typed).map_err(|bad| refusal::no_group(&not_a_name(typed, &bad)))?;
    let member = |typed| person(typed).map_err(|why| refusal::no_group(&why));
    let named = members.map(member).collect::<Result<_, _>>()?;
    Ok(intent(Intent::MakeGroup { name, named }, Group))
}

/// A group is made.
#[derive(Debug)]
struct Group;

impl Next for Group {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Outcome(Err(refusal)) => {
                out.notice(refusal::group_words(refusal, talk.room()));
            }
            other => talk.unless_granted(other, out),
        }
    }
}

/// A page of one's own groups is asked for.
#[derive(Debug)]
struct Groups {
    /// Whether a group was told already.
    begun: bool,
}

impl Next for Groups {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        let Told::Answer(Answer::Groups(page)) = told else {
            return talk.unexpected(told, out);
        };
        for GroupRow { room, names, more } in &page.rows {
            let more = if *more > 0 { format!(", and {more} more") } else { String::new() };
            out.line(format_args!("{}: {}{more}", room.name, listed(names)));
        }
        let begun = self.begun || !page.rows.is_empty();
        if let Some(after) = page.next {
            talk.query(Query::Groups { after: Some(after) }, Self { begun });
        } else if !begun {
            out.notice("You are in no group.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_counted_whatever_they_are() {
        let line = format!("g{}", ":x".repeat(2000));
        let said = "A group has at most 32 named members; you named 2000. No group was made.";
        assert_eq!(make(&line).map(|_| ()), Err(said.to_owned()));
        for nothing in ["", "grp1", "grp1:", ":Bob", " : "] {
            assert_eq!(make(nothing).map(|_| ()), Err(usage(USAGE)), "{nothing}");
        }
    }
}
