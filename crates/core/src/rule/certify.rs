//! Certificates that prove an account: added, proposed, confirmed, taken away.
//!
//! A certificate is added only by its owner's doing. Whoever is connected with it adds it to their own
//! account. Another one is only proposed, as its fingerprint is no secret: it is added once a connection
//! that has it names the account and agrees. Otherwise somebody else's certificate would log them in
//! as the one who typed its fingerprint.

use chinwag_model::id::{PersonId, Timestamp};
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::proof::Fingerprint;

use crate::state::{PROPOSED_MS, Person, Proposal, State};
use crate::step::{Effects, Step};

/// Most certificates of one account.
const CERTIFICATES_MAX: usize = 16;

/// What becomes of a certificate.
#[derive(Debug)]
pub(crate) enum Change {
    Add(PersonId, Fingerprint),
    Remove(PersonId, Fingerprint),
    Propose(PersonId, Proposal),
}

/// May the asker have this certificate prove their account, or no longer? `shown` says whether the
/// asker's connection has proved to have it.
pub(crate) fn decide(
    state: &State,
    step: &Step,
    fingerprint: [u8; 32],
    on: bool,
    shown: bool,
) -> Result<Change, Refusal> {
    let (who, person) = step.asker(state)?;
    if person.account().is_none() {
        return Err(Refusal::AccountNeeded);
    }
    let print = Fingerprint(fingerprint);
    if !on {
        let own = person.certificates.contains(&print);
        return if own { Ok(Change::Remove(who, print)) } else { Err(Refusal::NotYours) };
    }
    if shown {
        return add(state, who, person, print);
    }
    has_room(person, print)?;
    let until = Timestamp(step.time.0.saturating_add(PROPOSED_MS));
    Ok(Change::Propose(who, Proposal { fingerprint: print, until }))
}

/// Has the account's owner proposed the certificate that the asker's connection has?
pub(crate) fn decide_confirm(
    state: &State,
    step: &Step,
    account: &Name,
    fingerprint: [u8; 32],
) -> Result<Change, Refusal> {
    step.asker(state)?;
    let none = || Refusal::NoSuchAccount(account.clone());
    let (who, person) = state.person_called(account).ok_or_else(none)?;
    person.account().filter(|own| *own == account).ok_or_else(none)?;
    let print = Fingerprint(fingerprint);
    let is_it = |proposed: &&Proposal| proposed.fingerprint == print && proposed.until > step.time;
    person.proposed.as_deref().filter(is_it).ok_or_else(none)?;
    add(state, who, person, print)
}

fn add(
    state: &State,
    who: PersonId,
    person: &Person,
    print: Fingerprint,
) -> Result<Change, Refusal> {
    if state.certificates.get(&print.0).is_some_and(|holder| *holder != who) {
        return Err(Refusal::NotYours);
    }
    has_room(person, print)?;
    Ok(Change::Add(who, print))
}

fn has_room(person: &Person, print: Fingerprint) -> Result<(), Refusal> {
    let others = person.certificates.iter().filter(|known| **known != print).count();
    if others < CERTIFICATES_MAX { Ok(()) } else { Err(Refusal::TooMany) }
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let done = match self {
            Self::Add(who, print) => {
                state.change_person(who, |person| {
                    person.certificates.insert(print);
                    person.proposed.take_if(|proposed| proposed.fingerprint == print);
                });
                Done::Noted
            }
            Self::Remove(who, print) => {
                state.change_person(who, |person| {
                    person.certificates.remove(&print);
                });
                Done::Noted
            }
            Self::Propose(who, proposal) => {
                if let Some(person) = state.persons.get_mut(&who) {
                    person.proposed = Some(Box::new(proposal));
                }
                Done::CertificateProposed
            }
        };
        step.done(done, out);
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::check;

    #[test]
    fn attack_a_fingerprint_alone_adds_no_certificate() {
        check(
            "mal: enter with v
             victim: enter with w
             --
             mal: propose a
             victim: login mal by a
             victim: add a
             victim: confirm mal a
             mal: confirm mal a
             mal: add a",
            "mal told: proposed
             victim told: refused, no such account mal
             victim told: noted
             victim told: refused, not yours
             mal told: refused, not yours
             mal told: refused, not yours",
        );
    }

    #[test]
    fn a_proposed_certificate_is_added_by_a_connection_that_has_it() {
        check(
            "ana: enter with v
             bot: enter guest
             --
             bot: confirm ana a
             ana: propose a
             bot: confirm ana b
             bot: confirm ana a
             bot: confirm ana a
             bot2: visits as bot2 ana by a",
            "bot told: refused, no such account ana
             ana told: proposed
             bot told: refused, no such account ana
             bot told: noted
             bot told: refused, no such account ana
             bot2 told: in as ana, on another device too",
        );
    }

    #[test]
    fn a_certificate_is_proposed_for_ten_minutes_and_one_at_a_time() {
        check(
            "ana: enter with v
             bot: enter guest
             --
             ana: propose a
             ana: propose b
             bot: confirm ana a
             clock: 599
             bot: confirm ana b
             ana: propose b
             clock: 595
             bot: confirm ana b",
            "ana told: proposed
             ana told: proposed
             bot told: refused, no such account ana
             bot told: refused, no such account ana
             ana told: proposed
             bot told: noted",
        );
    }

    #[test]
    fn only_an_account_has_certificates_and_it_has_sixteen_at_most() {
        let add: String = (0..16).map(|n| format!("ana: add {n}\n")).collect();
        check(
            &format!(
                "guest: enter guest
                 ana: enter with v
                 {add}
                 --
                 guest: add a
                 guest: propose a
                 ana: add 0
                 ana: add a
                 ana: propose a
                 ana: drop 0
                 ana: drop 0
                 ana: add a"
            ),
            "guest told: refused, accounts only
             guest told: refused, accounts only
             ana told: noted
             ana told: refused, too many
             ana told: refused, too many
             ana told: noted
             ana told: refused, not yours
             ana told: noted",
        );
    }
}
