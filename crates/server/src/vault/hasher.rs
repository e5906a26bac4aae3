//! Argon2, in memory that is kept from one hash to the next.
//!
//! A hash takes as much memory as the configuration says, 19 MiB by default. If it were allocated
//! anew for each hash, the allocator would come to hold many times as much.

use argon2::password_hash::Error;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// What hashing costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
}

/// The memory of one thread that hashes.
#[derive(Debug, Default)]
pub(super) struct Hasher {
    blocks: Vec<Block>,
}

impl Hasher {
    /// Hashes a new password; the hash is in PHC form.
    ///
    /// # Errors
    /// Where the cost is none that argon2 takes.
    pub(super) fn hash(
        &mut self,
        password: &[u8],
        salt: [u8; 16],
        cost: Cost,
    ) -> Result<String, Error> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None)?;
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
        self.run(algorithm, version, &params, (password, &salt), &mut output)?;
        let hash = PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(Salt::new(&salt)?),
            hash: Some(Output::new(&output)?),
        };
        Ok(hash.to_string())
    }

    /// Whether a password is the one that was hashed. The cost is in the hash.
    pub(super) fn verify(&mut self, password: &[u8], phc: &str) -> bool {
        self.hash_again(password, phc).is_ok_and(|(found, kept)| found == kept)
    }

    fn hash_again(&mut self, password: &[u8], phc: &str) -> Result<(Output, Output), Error> {
        let kept = PasswordHash::new(phc)?;
        let params = Params::try_from(&kept)?;
        let algorithm = Algorithm::try_from(kept.algorithm.as_str())?;
        let version = kept.version.map(Version::try_from).transpose()?.unwrap_or_default();
        let (Some(salt), Some(hash)) = (kept.salt, kept.hash) else {
            return Err(Error::PasswordInvalid);
        };
        let mut output = [0; Output::MAX_LENGTH];
        let output = output.get_mut(..hash.len()).ok_or(Error::OutputSize)?;
        self.run(algorithm, version, &params, (password, &salt), output)?;
        Ok((Output::new(output)?, hash))
    }

    fn run(
        &mut self,
        algorithm: Algorithm,
        version: Version,
        params: &Params,
        (password, salt): (&[u8], &[u8]),
        output: &mut [u8],
    ) -> Result<(), Error> {
        let count = params.block_count();
        // Memory for a hash of a much higher cost, which is rare, is not kept.
        if self.blocks.len() < count || self.blocks.len() / 2 > count {
            // What there was is given back before more is taken.
            self.release();
            self.blocks = vec![Block::new(); count];
        }
        let argon = Argon2::new(algorithm, version, params.clone());
        let blocks = self.blocks.get_mut(..count).unwrap_or_default();
        Ok(argon.hash_password_into_with_memory(password, salt, output, blocks)?)
    }

    /// Gives the memory back.
    pub(super) fn release(&mut self) {
        self.blocks = Vec::new();
    }

    /// Whether it holds memory.
    pub(super) fn holds_memory(&self) -> bool {
        !self.blocks.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher as _, PasswordVerifier as _};

    use super::*;

    const COST: Cost = Cost { memory_kib: 8, passes: 1 };

    #[test]
    fn a_password_is_right_only_as_it_was_hashed() {
        let mut hasher = Hasher::default();
        let phc = hasher.hash(b"tea", [7; 16], COST).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{phc}");
        assert!(hasher.verify(b"tea", &phc));
        assert!(!hasher.verify(b"Tea", &phc));
        for none in
            ["", "$argon2id$v=19$m=8,t=1,p=1", "$argon2id$v=19$m=1,t=1,p=1$YWJjZGVmZ2g$YWJj"]
        {
            assert!(!hasher.verify(b"tea", none), "{none}");
        }
    }

    #[test]
    fn hashes_are_those_of_argon2_whatever_the_memory_held_before() {
        let mut hasher = Hasher::default();
        for (memory_kib, passes) in [(64, 1), (8, 3), (1024, 1), (512, 2), (1024, 1)] {
            let phc = hasher.hash(b"tea", [memory_kib as u8; 16], Cost { memory_kib, passes });
            assert!(Argon2::default().verify_password(b"tea", phc.unwrap().as_str()).is_ok());
        }
        let params = Params::new(32, 2, 2, Some(20)).unwrap();
        let other = Argon2::new(Algorithm::Argon2i, Version::V0x10, params);
        let other = other.hash_password(b"tea").unwrap().to_string();
        assert!(hasher.verify(b"tea", &other) && !hasher.verify(b"coffee", &other));
        hasher.release();
        assert!(!hasher.holds_memory());
    }
}
