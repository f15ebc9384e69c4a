//! People, and the tokens by which they are known.

use std::collections::BTreeSet;

use cupola_domain::access::Token;
use cupola_hub::{Hub, HubError};

/// Everybody who has credits or of whose results anything is known.
pub fn list(hub: &Hub) -> Result<BTreeSet<String>, HubError> {
    let accounts = hub.list_people()?.into_iter().map(|row| row.person);
    let owners = hub.list_standings()?;
    let owners = owners.into_iter().map(|row| row.standing.owner);
    Ok(accounts.chain(owners).collect())
}

/// Whether anything is known of somebody: credits, results, or a token.
pub fn is_known(hub: &Hub, name: &str) -> Result<bool, HubError> {
    let mut tokens = hub.list_tokens()?.into_iter();
    Ok(tokens.any(|token| owner_of(&token) == name) || list(hub)?.contains(name))
}

/// The names under which costs of a person are booked: their own, and those of their tokens.
pub fn names_of(hub: &Hub, person: &str) -> Result<BTreeSet<String>, HubError> {
    let tokens = hub.list_tokens()?;
    let owned = tokens.into_iter().filter(|token| owner_of(token) == person);
    let names = owned.map(|token| token.name);
    Ok(names.chain([person.to_owned()]).collect())
}

/// Whose a token is.
fn owner_of(token: &Token) -> &str {
    if token.belonging.owner.is_empty() {
        &token.name
    } else {
        &token.belonging.owner
    }
}
