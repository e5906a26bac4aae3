//! Devices that are told of what is said to their owner. Lane: record.

use std::collections::BTreeMap;

use chinwag_model::id::PersonId;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::push::{Device, Endpoint};

use crate::push::DEVICE_LIFE_MS;
use crate::state::{KnownDevice, State};
use crate::step::{Effects, Step};

/// A device is told from here on, or no longer.
#[derive(Debug)]
pub(crate) enum Change {
    Add { who: PersonId, device: Device },
    Remove { who: PersonId, endpoint: Endpoint },
}

/// May the asker have this device told? An endpoint that they have already is asked for anew.
pub(crate) fn decide_add(
    state: &State,
    step: &Step,
    device: &Device,
    devices_max: u32,
) -> Result<Change, Refusal> {
    let (who, person) = step.asker(state)?;
    if person.account().is_none() {
        return Err(Refusal::AccountNeeded);
    }
    let others =
        person.devices.iter().flatten().filter(|(endpoint, known)| {
            **endpoint != device.endpoint && !is_forgotten(known, step)
        });
    if others.count() >= usize::try_from(devices_max).unwrap_or(usize::MAX) {
        return Err(Refusal::TooMany);
    }
    Ok(Change::Add { who, device: device.clone() })
}

/// The asker may give up what they have, and what they never had.
pub(crate) fn decide_remove(
    state: &State,
    step: &Step,
    endpoint: &Endpoint,
) -> Result<Change, Refusal> {
    let (who, _) = step.asker(state)?;
    Ok(Change::Remove { who, endpoint: endpoint.clone() })
}

/// Only a node itself says that a device is lost.
pub(crate) fn decide_lose(
    state: &State,
    step: &Step,
    who: PersonId,
    endpoint: &Endpoint,
) -> Result<Change, Refusal> {
    if step.origin.session.number != 0 {
        return Err(Refusal::NotIn);
    }
    let person = state.persons.get(&who).ok_or(Refusal::Gone)?;
    let known = person.devices.as_ref().is_some_and(|devices| devices.contains_key(endpoint));
    if !known {
        return Err(Refusal::Gone);
    }
    Ok(Change::Remove { who, endpoint: endpoint.clone() })
}

/// Whether nobody has asked for a device for so long that it counts as thrown away.
pub(crate) fn is_forgotten(known: &KnownDevice, step: &Step) -> bool {
    step.time.0.saturating_sub(known.asked.0) > DEVICE_LIFE_MS
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let (Self::Add { who, .. } | Self::Remove { who, .. }) = self;
        let session = step.origin.session;
        let epoch = state.epoch(session.node);
        state.change_person(who, |person| {
            let mut devices: BTreeMap<_, _> = person.devices.take().unwrap_or_default();
            match self {
                Self::Add { device, .. } => {
                    devices.retain(|_, known| !is_forgotten(known, step));
                    let endpoint = device.endpoint.clone();
                    let known = KnownDevice { device, asked: step.time, session, epoch };
                    devices.insert(endpoint, known);
                }
                Self::Remove { endpoint, .. } => {
                    devices.remove(&endpoint);
                }
            }
            person.devices = Some(devices).filter(|devices| !devices.is_empty());
        });
        step.done(Done::Noted, out);
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::{Stage, check};

    #[test]
    fn only_an_account_has_devices() {
        check(
            "guest: enter guest
             ana: enter
             bo: enter with v
             --
             guest: device a
             ana: device a
             bo: device a",
            "guest told: refused, accounts only
             ana told: refused, accounts only
             bo told: noted",
        );
    }

    #[test]
    fn there_is_a_bound_for_devices_and_one_that_is_asked_for_again_is_no_more() {
        check(
            "ana: enter with v
             bo: enter with v
             --
             ana: device a
             ana: device b
             ana: device c
             ana: device a
             bo: device c
             ana: no device a
             ana: no device a
             ana: device c",
            "ana told: noted
             ana told: noted
             ana told: refused, too many
             ana told: noted
             bo told: noted
             ana told: noted
             ana told: noted
             ana told: noted",
        );
    }

    #[test]
    fn a_device_that_nobody_asks_for_makes_room_for_another() {
        check(
            "ana: enter with v
             ana: device a
             ana: device b
             --
             ana: device c
             node: a month passes
             ana: device c",
            "ana told: refused, too many
             ana told: noted",
        );
    }

    #[test]
    fn only_a_node_says_that_a_device_is_lost() {
        let mut stage = Stage::new();
        let told = stage.play(
            "ana: enter with v
             bo: enter with v
             ana: device a
             --
             bo: lost ana a
             node: lost bo a
             node: lost nemo a
             node: lost ana a",
        );
        assert_eq!(
            told,
            "bo told: refused, not in\nnode told: refused, that person has gone\n\
             node told: refused, that person has gone\nnode told: noted"
        );
        assert!(stage.state().subscribers.is_empty());
    }
}
