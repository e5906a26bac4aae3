//! What was proved, as scripts name it: by an account, and the number of the password that was given
//! for it, from 1; or `by PRINT`, for a certificate.
//!
//! An account here is a name: the second password of `ana` may be that of another person than the
//! first one, who is called otherwise by then.

use std::collections::BTreeMap;

use chinwag_model::id::{PersonId, Seq};
use chinwag_model::name::Name;
use chinwag_model::proof::{Fingerprint, Proof};

use crate::state::State;

/// All that anybody could have proved so far.
#[derive(Debug, Default)]
pub(super) struct Proofs(BTreeMap<(String, bool), Vec<Proof>>);

impl Proofs {
    /// Takes note of what can be proved now.
    pub(super) fn note(&mut self, state: &State) {
        for (id, person) in &state.persons {
            let (Some(account), Some(proof)) = (person.account(), person.proof(*id)) else {
                continue;
            };
            self.add(account, proof);
            for print in person.certificates.iter() {
                self.add(account, Proof { certificate: Some(*print), ..proof });
            }
        }
    }

    fn add(&mut self, account: &Name, proof: Proof) {
        let key = (account.folded().to_owned(), proof.certificate.is_some());
        let known = self.0.entry(key).or_default();
        if !known.contains(&proof) {
            known.push(proof);
        }
    }

    /// What is meant by the words `1` or `by a`; where there is no such thing, what proves nothing.
    pub(super) fn meant(&self, account: &Name, words: &[&str]) -> Proof {
        let known = |by| {
            let key = (account.folded().to_owned(), by);
            self.0.get(&key).map_or(&[][..], Vec::as_slice)
        };
        let found = match words {
            ["by", print] => {
                let print = Some(Fingerprint(self::print(print)));
                known(true).iter().rfind(|proof| proof.certificate == print)
            }
            [number] => {
                number.parse::<usize>().unwrap().checked_sub(1).and_then(|n| known(false).get(n))
            }
            other => panic!("{other:?} is no proof"),
        };
        found.copied().unwrap_or(Proof::of(PersonId(999), Seq(999)))
    }
}

/// The fingerprint of a certificate that a script calls so.
pub(super) fn print(called: &str) -> [u8; 32] {
    let mut print = [0; 32];
    print.iter_mut().zip(called.bytes()).for_each(|(to, byte)| *to = byte);
    print
}
