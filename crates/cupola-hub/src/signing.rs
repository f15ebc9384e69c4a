//! The hub's own key: what it gives to workers is signed by it, so that nobody on the way, and no other hub in
//! its place, makes a worker run anything.

use cupola_domain::text::hex;
use cupola_store::{Store, keys};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::{Hub, HubError, world::World};

/// The key's name in the store.
const KEY: &str = "orders";

const SEED_BYTES: usize = 32;

/// Signs orders.
pub(crate) struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// The key of this store, made at the first call.
    pub(crate) fn load(store: &Store, world: &dyn World) -> Result<Self, HubError> {
        let mut fresh = [0; SEED_BYTES];
        world.random(&mut fresh);
        let seed =
            store.write(move |tx| Ok::<_, HubError>(keys::find_or_insert(tx, KEY, &fresh)?))?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed);
        pair.map(Self).map_err(|_| {
            HubError::Internal(anyhow::anyhow!("the key that orders are signed by is none"))
        })
    }
}

impl Hub {
    /// The key by which workers recognise what this hub signed, as hexadecimal digits.
    pub fn public_key(&self) -> String {
        hex(self.signing_key.0.public_key().as_ref())
    }

    /// This hub's signature over `bytes`, as hexadecimal digits.
    pub fn sign(&self, bytes: &[u8]) -> String {
        hex(self.signing_key.0.sign(bytes).as_ref())
    }
}
