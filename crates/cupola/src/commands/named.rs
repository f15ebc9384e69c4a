//! Which thing somebody means who writes its name, or a part of its id as the pages show it.

use anyhow::bail;

/// How long an id is.
const ID_CHARS: usize = 36;

/// A shorter part says too little.
const PART_CHARS: usize = 4;

/// Whether it is an id as it stands: the hub says what is wrong with it.
pub(crate) fn is_whole_id(named: &str) -> bool {
    named.len() == ID_CHARS && named.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// The id of the one of these, by id and name, that is meant. `kind` is what they are, and the command that lists them.
pub(crate) fn only(
    kind: (&str, &str),
    named: &str,
    known: &[(String, String)],
) -> anyhow::Result<String> {
    let is_called = |(id, name): &&(String, String)| id == named || name == named;
    let called: Vec<_> = known.iter().filter(is_called).collect();
    if !called.is_empty() {
        return one(kind, named, &called);
    }
    let is_part = named.len() >= PART_CHARS;
    let is_part_of =
        |(id, _): &&(String, String)| is_part && (id.starts_with(named) || id.ends_with(named));
    let parts: Vec<_> = known.iter().filter(is_part_of).collect();
    one(kind, named, &parts)
}

fn one(
    (kind, command): (&str, &str),
    named: &str,
    found: &[&(String, String)],
) -> anyhow::Result<String> {
    match found {
        [] => bail!("there is no {kind} `{named}`; `cupola {command} list` shows what there is"),
        [(id, _)] => Ok(id.clone()),
        several => {
            let word = |(id, name): &&(String, String)| match name.as_str() {
                "" => id.clone(),
                name => format!("{id} ({name})"),
            };
            let all: Vec<_> = several.iter().map(word).collect();
            bail!(
                "`{named}` may be any of these; say which by its id: {}",
                all.join(", ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(named: &str, expected: Result<&str, &str>) {
        let known = [
            ("0198-aaaa-1111", "alpha"),
            ("0198-bbbb-2222", "beta"),
            ("0199-cccc-1111", "beta"),
        ];
        let own = |(id, name): (&str, &str)| (id.to_owned(), name.to_owned());
        let found = only(("brief", "brief"), named, &known.map(own));
        match expected {
            Ok(id) => assert_eq!(found.unwrap(), id, "{named}"),
            Err(part) => {
                let error = found.unwrap_err().to_string();
                assert!(error.contains(part), "{named}: {error}");
            }
        }
    }

    #[test]
    fn a_name_an_id_or_a_part_of_one_means_one_thing() {
        check("alpha", Ok("0198-aaaa-1111"));
        check("0198-bbbb-2222", Ok("0198-bbbb-2222"));
        check("2222", Ok("0198-bbbb-2222"));
        check("0199", Ok("0199-cccc-1111"));
        check(
            "beta",
            Err("any of these; say which by its id: 0198-bbbb-2222 (beta), 0199-cccc-1111 (beta)"),
        );
        check("1111", Err("any of these"));
        check(
            "nothing",
            Err("there is no brief `nothing`; `cupola brief list`"),
        );
        check("01", Err("there is no brief"));
    }

    #[test]
    fn a_whole_id_is_asked_for_as_it_is() {
        assert!(is_whole_id("01984a3c-1111-7000-8000-000000000001"));
        assert!(!is_whole_id("01984a3c"));
        assert!(!is_whole_id("a title that has thirty-six characters"));
    }
}
