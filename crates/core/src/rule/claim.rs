//! Who may be called what, and whose an account is.

use chinwag_model::id::PersonId;
use chinwag_model::name::Name;
use chinwag_model::outcome::Refusal;

use crate::state::{Holder, Person, State};

/// Refuses a name that looks like one that is registered.
pub(super) fn free_to_show(
    state: &State,
    name: &Name,
    own: Option<PersonId>,
) -> Result<(), Refusal> {
    match state.look_alike(name, own) {
        Some(existing) => {
            Err(Refusal::LooksLike { wanted: name.clone(), existing: existing.clone() })
        }
        None => Ok(()),
    }
}

/// Whose account this is, proved with this version of its verifier.
pub(super) fn proved<'s>(
    state: &'s State,
    account: &Name,
    version: u32,
) -> Result<(PersonId, &'s Person), Refusal> {
    let none = || Refusal::NoSuchAccount(account.clone());
    let Some(Holder::Person(id)) = state.holder(account) else { return Err(none()) };
    let person = state.persons.get(&id).filter(|person| person.account() == Some(account));
    let person = person.ok_or_else(none)?;
    match &person.password {
        Some(password) if password.version == version => Ok((id, person)),
        _ => Err(none()),
    }
}
