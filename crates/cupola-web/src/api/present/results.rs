//! What one run gave, on the wire.

use cupola_hub::run_results;
use cupola_protocol::results::{ResultChild, ResultHead, ResultLevel};

/// A result without its value.
pub fn result_head(head: &run_results::Head) -> ResultHead {
    ResultHead {
        key: head.key.clone(),
        at: head.at.into(),
        kind: head.glance.kind.word().to_owned(),
        size: head.glance.kind.size(),
        bytes: head.bytes,
        preview: head.glance.preview.clone(),
    }
}

/// One level of one result; `None` when the result has no such place.
pub fn result_level(found: run_results::ResultLevel) -> Option<ResultLevel> {
    let run_results::ResultLevel {
        key,
        at,
        path,
        level,
    } = found;
    let level = level?;
    let child = |child: &cupola_domain::result::Child| ResultChild {
        key: child.key.clone(),
        path: child.path.clone(),
        kind: child.glance.kind.word().to_owned(),
        size: child.glance.kind.size(),
        preview: child.glance.preview.clone(),
    };
    Some(ResultLevel {
        key,
        at: at.into(),
        path,
        kind: level.glance.kind.word().to_owned(),
        size: level.glance.kind.size(),
        children: level.children.iter().map(child).collect(),
        offset: level.offset,
        next: level.next(),
        value: level.scalar,
    })
}
