//! Secrets: made once, shown once, kept only as digests.

use cupola_domain::text::hex;
use sha2::{Digest as _, Sha256};

use crate::world::World;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Characters after the prefix: 62^32 is above 2^190.
const CHARS: usize = 32;

/// A new secret that begins with `prefix`, so that scanners and people recognise it.
pub(crate) fn new(world: &dyn World, prefix: &str) -> String {
    let mut secret = prefix.to_owned();
    let mut bytes = [0u8; 64];
    while secret.len() < prefix.len() + CHARS {
        world.random(&mut bytes);
        // 248 is the largest multiple of 62 below 256: what is above would make some letters likelier.
        let fair = bytes.iter().filter(|byte| **byte < 248);
        let letters = fair.map(|byte| char::from(ALPHABET[usize::from(byte % 62)]));
        secret.extend(letters.take(prefix.len() + CHARS - secret.len()));
    }
    secret
}

/// What is kept of a secret. A secret of 190 random bits needs no slow hash.
pub(crate) fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}
