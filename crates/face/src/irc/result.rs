//! What came of what was asked, told.

use chinwag_model::ask::Checked;
use chinwag_model::id::Place;
use chinwag_model::outcome::{Done, Outcome, Refusal, RoomNo, Unheard};
use chinwag_model::proof::Proves;
use chinwag_model::query::Answer;

use super::caps::Cap;
use super::chat::{Chat, Door, Why};
use super::history::Past;
use super::metadata::Wanted;
use super::render::channel;
use super::speech::Slot;
use crate::output::Output;
use crate::proven::Proven;

impl Chat {
    pub(super) fn outcome(&mut self, request: u32, outcome: &Outcome, out: &mut Output) {
        if let Some(at) = self.slots.iter().position(|slot| slot.request == request) {
            let Some(slot) = self.slots.remove(at) else { return };
            self.begin(slot.label.clone());
            self.said_so(&slot, outcome, out);
            return self.end_slot(&slot, outcome, out);
        }
        let Some(why) = self.waited_for(request) else { return };
        self.done(why, outcome, out);
        self.settle(out);
    }

    /// A message that did not wait is settled: its label is told, unless its echo told it.
    fn end_slot(&mut self, slot: &Slot, outcome: &Outcome, out: &mut Output) {
        let told = slot.label.is_none() && outcome.is_ok();
        if told {
            self.begin(None);
        }
        let server = self.policy.server_name.clone();
        self.reply.end(&server, out);
    }

    /// Tells what a message came to, beside what was seen of it.
    fn said_so(&mut self, slot: &Slot, outcome: &Outcome, out: &mut Output) {
        let notice = slot.command == "NOTICE";
        match outcome {
            Ok(Done::Said(Some(Unheard::Away(who, text)))) if !notice => {
                self.numeric(301, &[who.name.shown()], text.as_str(), out);
            }
            Ok(Done::Said(Some(Unheard::Offline(who)))) if !notice => {
                let text = "is offline and will see it on the next login";
                self.numeric(301, &[who.name.shown()], text, out);
            }
            Ok(_) => {}
            // A program is not told in words what it could answer.
            Err(_) if notice => {}
            Err(Refusal::NoSuchRoom(_)) => self.no_such_channel(&slot.target, out),
            Err(Refusal::NoSuchPerson(_)) => self.no_such_nick(&slot.target, out),
            Err(Refusal::Room(_, RoomNo::Banned)) => {
                let target = slot.target.trim_start_matches(['@', '+', '%', '&', '~']);
                self.numeric(404, &[target], "Cannot send to channel (+b)", out);
            }
            Err(Refusal::Room(_, RoomNo::RankNeeded(_))) if slot.command == "RELAYMSG" => {
                let text = "You may not relay messages to this channel";
                self.fail("RELAYMSG", "PRIVS_NEEDED", &[], text, out);
            }
            Err(refusal) => self.refused(slot.command, &slot.target, refusal, out),
        }
    }

    fn done(&mut self, why: Why, outcome: &Outcome, out: &mut Output) {
        match (why, outcome) {
            (Why::Enter, Ok(Done::Entered(entered))) => self.entered(entered, out),
            (Why::Enter, Err(refusal)) => self.not_entered(refusal, out),
            (Why::Quit(reason), _) => {
                self.me = None;
                let reason = reason.as_ref().map_or("Client quit", |reason| reason.as_str());
                let reason = reason.to_owned();
                self.close(&reason, out);
            }
            (Why::Say(slot), outcome) => self.said_so(&slot, outcome, out),
            (Why::Join(_), Ok(Done::Joined(room))) => {
                self.expect_past(Past::Last);
                self.look_around(room, Past::Last);
            }
            (Why::Part(_) | Why::Kick { .. } | Why::SetTopic(_) | Why::Rename(..), Ok(_)) => {}
            (Why::Nick(_) | Why::Redact { .. } | Why::Nothing | Why::Act(..), Ok(_)) => {
                // Whoever is to see it has seen it.
            }
            (Why::OperFlags, Err(Refusal::OperatorNeeded)) => {
                self.numeric(464, &[], "Password incorrect", out);
            }
            (Why::OperFlags, Ok(_)) => {
                self.numeric(381, &[], "You are now an IRC operator", out);
            }
            (Why::Invite { who, room }, Ok(_)) => self.numeric_bare(341, &[&who, &room], out),
            (Why::Uninvite { who, room }, Ok(_)) => self.uninvited(&who, &room, out),
            (Why::ChangeRoom(room), Ok(Done::Changed(refused))) => {
                for refusal in refused {
                    self.refused("MODE", &room, refusal, out);
                }
            }
            (Why::Away, Ok(Done::Away(text))) => self.told_away(text.as_ref(), out),
            (Why::Stay, Ok(Done::Stays(stays))) => self.stays(*stays, out),
            (Why::SetRead(target), Ok(Done::Read(upto))) => {
                self.read_mark(&target, Some(*upto), out);
            }
            (Why::SetMetadata { target, key }, Ok(Done::Metadata(_, values))) => {
                self.metadata_set(&target, key.as_deref(), values, out);
            }
            (Why::SetMetadata { target, key }, Err(refusal)) => {
                self.metadata_refused(&target, key.as_deref(), refusal, out);
            }
            (Why::Register(door), Ok(Done::Registered(card, proof))) => {
                if let Some(me) = &mut self.me {
                    me.card = card.clone();
                    me.guest = false;
                }
                self.registered(door, "REGISTER", (card, *proof), out);
            }
            (Why::Register(door), Err(refusal)) => self.refused_account(door, refusal, out),
            (Why::Hold(door, account), outcome) => self.held(door, &account, outcome, out),
            (Why::Verify(door, account), outcome) => self.verified(door, &account, outcome, out),
            (Why::ClaimFor(door, ..), Err(refusal)) => self.refused_account(door, refusal, out),
            (Why::AskReset, outcome) => self.reset_asked(outcome, out),
            (Why::Reset | Why::HashReset(..), outcome) => self.password_reset(outcome, out),
            (Why::Login(door), Ok(Done::LoggedIn(entered))) => {
                self.has_logged_in(door, entered, out);
            }
            (Why::Login(door), Err(_)) => self.not_logged_in(door, out),
            (Why::Device(device), outcome) => self.device_noted(&device, outcome, out),
            (Why::SetPassword, Ok(Done::PasswordSet(set))) => self.password_set(set, out),
            (Why::SetPassword, Err(refusal)) => self.password_refused(refusal, out),
            (Why::AddCertificate(print), outcome) => self.certificate_added(&print, outcome, out),
            (Why::ConfirmCertificate(account), outcome) => {
                self.certificate_confirmed(&account, outcome, out);
            }
            (Why::Service(service, said), Ok(_)) => self.notice(Some(service), &said, out),
            (Why::Service(service, _), Err(refusal)) => self.service_refused(service, refusal, out),
            (Why::Redact { target, id }, Err(refusal)) => {
                self.redact_refused(&target, &id, refusal, out);
            }
            (Why::Rename(from, to), Err(refusal)) => self.rename_refused(&from, &to, refusal, out),
            (Why::Nick(given), Err(refusal)) => self.nick_refused(&given, refusal, out),
            (Why::Kick { room, who }, Err(refusal)) => match refusal {
                Refusal::NoSuchPerson(_) => self.no_such_nick(&who, out),
                refusal => self.refused("KICK", &room, refusal, out),
            },
            (Why::Invite { who, room }, Err(refusal)) => match refusal {
                Refusal::NoSuchPerson(_) | Refusal::Offline(_) => self.no_such_nick(&who, out),
                refusal => self.refused("INVITE", &room, refusal, out),
            },
            (Why::Uninvite { who, room }, Err(refusal)) => match refusal {
                Refusal::NoSuchPerson(_) => self.no_such_nick(&who, out),
                refusal => self.refused("UNINVITE", &room, refusal, out),
            },
            (Why::Join(room), Err(refusal)) => self.join_refused(&room, refusal, out),
            (Why::SetRead(target), Err(Refusal::NotInRoom)) => {
                let text = "Invalid target";
                self.fail("MARKREAD", "INVALID_PARAMS", &[&target], text, out);
            }
            (Why::Part(room), Err(refusal)) => self.refused("PART", &room, refusal, out),
            (Why::SetTopic(room), Err(refusal)) => self.refused("TOPIC", &room, refusal, out),
            (Why::ChangeRoom(room), Err(refusal)) => self.refused("MODE", &room, refusal, out),
            (Why::Act(command, target), Err(refusal)) => {
                self.refused(command, &target, refusal, out);
            }
            (Why::Nothing, Err(_)) => {}
            (_, Err(refusal)) => self.refused("*", "*", refusal, out),
            (Why::Join(_), Ok(_)) => {}
            (_, Ok(_)) => self.refused("*", "*", &Refusal::Internal, out),
        }
    }

    fn nick_refused(&mut self, given: &str, refusal: &Refusal, out: &mut Output) {
        match refusal {
            Refusal::Taken(_) => {
                self.numeric(433, &[given], "Nickname is already in use", out);
            }
            refusal => self.refused("NICK", given, refusal, out),
        }
    }

    fn redact_refused(&mut self, target: &str, id: &str, refusal: &Refusal, out: &mut Output) {
        match refusal {
            Refusal::NotYours => {
                let text = "You may not take this message back";
                self.fail("REDACT", "REDACT_FORBIDDEN", &[target, id], text, out);
            }
            Refusal::Room(..) => {
                let text = "You're not on that channel";
                self.fail("REDACT", "INVALID_TARGET", &[target], text, out);
            }
            Refusal::NoSuchMessage => self.unknown_message(target, id, out),
            refusal => self.refused("REDACT", target, refusal, out),
        }
    }

    fn join_refused(&mut self, room: &str, refusal: &Refusal, out: &mut Output) {
        match refusal {
            Refusal::LooksLike { existing, .. } => {
                let text = format!("That looks like {}; choose another name", channel(existing));
                self.numeric(403, &[room], &text, out);
            }
            Refusal::NotTakeable(_) => {
                let text = "No channel can have that name; choose another one";
                self.numeric(403, &[room], text, out);
            }
            refusal => self.refused("JOIN", room, refusal, out),
        }
    }

    fn rename_refused(&mut self, from: &str, to: &str, refusal: &Refusal, out: &mut Output) {
        match refusal {
            Refusal::Taken(_) => {
                let text = "There is a channel of that name already";
                self.fail("RENAME", "CHANNEL_NAME_IN_USE", &[from, to], text, out);
            }
            Refusal::LooksLike { existing, .. } => {
                let text = format!("That looks like {}; choose another name", channel(existing));
                self.fail("RENAME", "CANNOT_RENAME", &[from, to], &text, out);
            }
            Refusal::NotTakeable(_) => {
                let text = "No channel can have that name; choose another one";
                self.fail("RENAME", "CANNOT_RENAME", &[from, to], text, out);
            }
            Refusal::NameKept(_) => {
                let text = "That was a registered channel's name until a short time ago";
                self.fail("RENAME", "CANNOT_RENAME", &[from, to], text, out);
            }
            Refusal::Room(_, RoomNo::ForEver) => {
                let text = "This channel keeps its name";
                self.fail("RENAME", "CANNOT_RENAME", &[from, to], text, out);
            }
            refusal => self.refused("RENAME", from, refusal, out),
        }
    }

    pub(super) fn answer(&mut self, request: u32, answer: &Answer, out: &mut Output) {
        let Some(why) = self.waited_for(request) else { return };
        self.answered(why, answer, out);
        self.settle(out);
    }

    fn answered(&mut self, why: Why, answer: &Answer, out: &mut Output) {
        match (why, answer) {
            (Why::Pong(token), _) => self.pong(&token, out),
            (Why::Names { room, .. }, Answer::Names(card, page)) => {
                self.members(room, card.as_ref(), page, out);
            }
            (Why::Who(ask), Answer::Members(_, page) | Answer::Matching(page)) => {
                self.who_page(*ask, page, out);
            }
            (Why::Topic { room, quiet }, Answer::Channel(row)) => {
                self.topic_of(&room, row.as_deref(), quiet, out);
            }
            (Why::RoomModes(room), Answer::Channel(row)) => match row {
                Some(row) => self.room_modes(&room, row, out),
                None => self.no_such_channel(&room, out),
            },
            (Why::FindToRedact { target, id, reason }, Answer::Channel(row)) => match row {
                Some(row) if row.ranks.is_some() => self.find_to_redact(target, id, reason, out),
                _ => {
                    let text = "You're not on that channel";
                    self.fail("REDACT", "INVALID_TARGET", &[&target], text, out);
                }
            },
            (Why::FindToRedact { target, id, reason }, Answer::Message(message)) => {
                self.found_to_redact(target, id, reason, message.as_deref(), out);
            }
            (Why::RoomInfo(room), Answer::Channel(row)) => {
                self.room_info(&room, row.as_deref(), out);
            }
            (Why::Listed { room, list }, Answer::Listed(found)) => match found {
                Some((_, entries)) => self.listed(&room, list, entries, out),
                None => self.no_such_channel(&room, out),
            },
            (Why::Channels(filter), Answer::Channels(page)) => self.channels(filter, page, out),
            (Why::Invitations, Answer::Invitations(page)) => self.invitations(page, out),
            (Why::Whois(nick), Answer::Profile(profile)) => {
                self.profile(&nick, profile.as_deref(), out);
            }
            (Why::Info(nick), Answer::Profile(profile)) => {
                self.account_info(&nick, profile.as_deref(), out);
            }
            (Why::Whowas { name, limit }, Answer::Former(former)) => {
                self.former(&name, former.get(..limit.min(former.len())).unwrap_or_default(), out);
            }
            (Why::Userhost, Answer::Seen(seen)) => self.hosts(seen, out),
            (Why::Ison, Answer::Seen(seen)) => self.are_on(seen, out),
            (Why::Monitor(names), Answer::Seen(seen)) => self.watched(&names, seen, out),
            (Why::Status(nick), Answer::Seen(seen)) => {
                self.status(&nick, seen.first().and_then(Option::as_ref), out);
            }
            (Why::Lusers, Answer::Census(census)) => self.lusers(census, out),
            (Why::ReadMark { target }, Answer::ReadUpto(upto)) => {
                self.read_mark(&target, *upto, out);
            }
            (Why::Metadata { target, ask }, Answer::Metadata(found)) => match (found, ask) {
                (Some((_, values)), ask) => self.values(&target, values, &ask, out),
                (None, Wanted::Own | Wanted::Whois) => {}
                (None, _) => {
                    self.fail("METADATA", "INVALID_TARGET", &[&target], "Invalid target", out);
                }
            },
            (Why::Sync { room, batch }, Answer::RoomMetadata(page)) => {
                self.synced(room, batch, page, out);
            }
            (Why::Lines(ask), Answer::Lines(lines)) => self.lines(&ask, Some(lines), out),
            (Why::Lines(ask), Answer::NoSuchHistory(_)) => self.lines(&ask, None, out),
            (Why::Replay(target), Answer::Lines(lines)) => self.replayed(&target, lines, out),
            (Why::Targets, Answer::Targets(messages)) => self.told_targets(messages, out),
            (Why::Search, Answer::Found(messages)) => self.found(messages, out),
            (Why::Backlog { upto }, Answer::Backlog(page)) => self.backlog(upto, page, out),
            (Why::Certificate, Answer::Certificate(found)) => match found {
                Some((account, proof)) => {
                    let (account, proof) = (account.clone(), *proof);
                    self.proved(Proven { account, proof, since: out.now }, out);
                }
                None => self.failed(out),
            },
            (Why::Stay, Answer::Stays(stays)) => self.stays(*stays, out),
            (Why::Certificates, Answer::Certificates(prints)) => self.certificates(prints, out),
            (Why::Replay(_) | Why::Backlog { .. }, _) => self.past_told(out),
            (Why::Nothing, _) => {}
            (_, Answer::Unavailable) => {
                let text = "That cannot be read now; try again";
                self.fail("*", "TEMPORARILY_UNAVAILABLE", &[], text, out);
            }
            (_, _) => self.refused("*", "*", &Refusal::Internal, out),
        }
    }

    pub(super) fn checked(&mut self, request: u32, checked: &Checked, out: &mut Output) {
        let Some(why) = self.waited_for(request) else { return };
        match (why, checked) {
            (Why::Check(Door::Sasl, name), checked) => self.sasl_checked(name, checked, out),
            (Why::Check(_, name), checked) => self.service_checked(name, checked, out),
            (Why::Prove(proving), Checked::Scram(scram)) => self.proving(*proving, scram, out),
            (Why::Prove(_), checked) => self.sasl_refused(checked, out),
            (Why::Proof(looked_at), checked) => self.proof_counted(*looked_at, checked, out),
            (Why::ServerPassword(right), checked) => self.password_counted(right, checked, out),
            (Why::HashFor(door, name), checked) => self.hashed_for(door, name, checked, out),
            (Why::ClaimFor(door, name, address), checked) => {
                self.claimed((door, name, address), checked, out);
            }
            (Why::HashReset(account, code), Checked::Hashed(verifier)) => {
                self.reset_by(account, code, verifier.clone());
            }
            (
                Why::HashReset(..) | Why::CheckOld(_) | Why::NewPassword(_),
                Checked::Limited { why, seconds },
            ) => self.service_slowed(*why, *seconds, out),
            (Why::HashReset(..) | Why::NewPassword(_), checked)
                if !matches!(checked, Checked::Hashed(_)) =>
            {
                self.notice(Some("NickServ"), "That failed; try again.", out);
            }
            (Why::NewPassword(proof), Checked::Hashed(verifier)) => {
                self.new_password(proof, verifier.clone());
            }
            (Why::CheckOld(password), Checked::Right(Proves::Account(proof))) => {
                self.old_password_right(password, *proof);
            }
            (Why::CheckOld(_), _) => {
                self.notice(Some("NickServ"), "That is not your password.", out);
            }
            (Why::Oper(name), checked) => self.oper_checked(&name, checked, out),
            _ => self.refused("*", "*", &Refusal::Internal, out),
        }
        self.settle(out);
    }

    /// Goes on with what needs no asking.
    pub(super) fn go_on(&mut self, why: Why, out: &mut Output) {
        match why {
            Why::Welcomed => self.welcomed(out),
            Why::Arrive(room, past) => self.arrive(&room, past, out),
            Why::LookAround(room) => self.look_around(&room, Past::Seen),
            Why::EndOfNames(list) => self.numeric(366, &[&list], "End of /NAMES list", out),
            Why::EndOfWhois(nick) => self.numeric(318, &[&nick], "End of /WHOIS list", out),
            _ => {}
        }
    }

    /// What waits for who comes in is told by history, to who can ask for it.
    pub(super) fn has_history(&self, out: &mut Output, place: Place) -> bool {
        let asks = self.has(Cap::Chathistory);
        if asks {
            out.told_upto(place);
        }
        asks
    }
}
