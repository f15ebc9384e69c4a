//! Programs of runs that speak for themselves: a token for each lease, good while the lease is.
//!
//! Nothing is kept of a token. It says which run and which lease it is for, and carries a code that
//! only this hub can make, by a key that was made at its first start.

use cupola_domain::{access::Program, text::hex};
use cupola_store::{Store, keys};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{Hub, HubError, secret, world::World};

/// How such a token begins, so that scanners and people recognise it.
pub const TOKEN_PREFIX: &str = "cupola_run_";

/// The key's name in the store.
const KEY: &str = "programs";

const KEY_BYTES: usize = 32;

/// Makes and checks the codes in tokens.
pub(crate) struct ProgramKey(Hmac<Sha256>);

impl ProgramKey {
    /// The key of this store, made at the first call.
    pub(crate) fn load(store: &Store, world: &dyn World) -> Result<Self, HubError> {
        let mut fresh = [0; KEY_BYTES];
        world.random(&mut fresh);
        let bytes =
            store.write(move |tx| Ok::<_, HubError>(keys::find_or_insert(tx, KEY, &fresh)?))?;
        let mac = Hmac::new_from_slice(&bytes);
        Ok(Self(mac.map_err(|error| HubError::Internal(error.into()))?))
    }
}

impl Hub {
    /// The token by which the program of a run speaks under one lease. The same each time.
    pub fn program_token(&self, program: Program) -> String {
        let said = format!("{TOKEN_PREFIX}{}_{}", program.run, program.epoch);
        let code = self.program_key.0.clone().chain_update(&said).finalize();
        format!("{said}_{}", hex(&code.into_bytes()))
    }

    /// Which program the bearer of `token` is. Refused once its lease is not current any more.
    pub fn authenticate_program(&self, token: &str) -> Result<Program, HubError> {
        let refused = |message: &str| HubError::Unauthorized(message.to_owned());
        // Digests are compared, so that the time it takes says nothing about the code.
        let is_ours = |program: &Program| {
            secret::digest(&self.program_token(*program)) == secret::digest(token)
        };
        let program = named(token).filter(is_ours);
        let program = program.ok_or_else(|| refused("the token is not one of this hub"))?;
        let held = self.live().leases.find(program.run);
        if held.is_none_or(|lease| lease.epoch != program.epoch) {
            return Err(refused("the attempt that the token was made for is over"));
        }
        Ok(program)
    }
}

/// What a token says of itself.
fn named(token: &str) -> Option<Program> {
    let mut parts = token.strip_prefix(TOKEN_PREFIX)?.split('_');
    Some(Program {
        run: parts.next()?.parse().ok()?,
        epoch: parts.next()?.parse().ok()?,
    })
}
