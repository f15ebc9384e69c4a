//! Which run somebody means who writes a part of its id, as the pages show it.

use anyhow::bail;
use cupola_client::{Client, query::RunFilter};

/// How long an id is.
const ID_CHARS: usize = 36;

/// Of so many runs with such a part the right one is looked for.
const LISTED: u32 = 1_000;

/// The id of the one run that `named` means.
pub(crate) async fn run_id_of(client: &Client, named: &str) -> anyhow::Result<String> {
    let is_part = |c: char| c.is_ascii_hexdigit() || c == '-';
    if named.is_empty() || named.len() >= ID_CHARS || !named.chars().all(is_part) {
        // The hub says what is wrong with it.
        return Ok(named.to_owned());
    }
    let filter = RunFilter {
        filter: Some(format!("id ~ \"{named}\"")),
        columns: Some("id".to_owned()),
        per_page: Some(LISTED),
        ..RunFilter::default()
    };
    let found = client.runs(&filter).await?.items;
    only(named, found.into_iter().map(|found| found.run.run_id))
}

fn only(named: &str, ids: impl Iterator<Item = String>) -> anyhow::Result<String> {
    let named_by = |id: &String| id.starts_with(named) || id.ends_with(named);
    let mut matching = ids.filter(named_by);
    match (matching.next(), matching.count()) {
        (None, _) => bail!("there is no run `{named}`"),
        (Some(id), 0) => Ok(id),
        (Some(id), more) => bail!(
            "`{named}` may be any of {} runs; say more of the id, for instance `{id}`",
            more + 1
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(named: &str, ids: &[&str], expected: Result<&str, &str>) {
        let found = only(named, ids.iter().map(ToString::to_string));
        match expected {
            Ok(id) => assert_eq!(found.unwrap(), id),
            Err(message) => assert_eq!(found.unwrap_err().to_string(), message),
        }
    }

    #[test]
    fn a_part_means_the_one_run_whose_id_begins_or_ends_with_it() {
        check("9a", &["12-9a", "9a-12-77", "34-9b"][..1], Ok("12-9a"));
        check("34", &["12-9a", "34-9b"], Ok("34-9b"));
        check("77", &["12-9a", "34-9b"], Err("there is no run `77`"));
        check(
            "9a",
            &["12-9a", "9a-34"],
            Err("`9a` may be any of 2 runs; say more of the id, for instance `12-9a`"),
        );
    }
}
