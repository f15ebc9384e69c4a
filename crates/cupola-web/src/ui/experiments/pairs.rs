//! Names with values as lines: `NAME=value`.

use std::collections::BTreeMap;

/// One pair a line; as JSON where a line cannot hold it.
pub(super) fn written(pairs: &BTreeMap<String, String>) -> String {
    let fits = |(name, value): (&String, &String)| {
        let is_bare = |text: &str| text.trim() == text && !text.contains(['\n', '\r']);
        is_bare(name) && is_bare(value) && !name.contains('=') && !name.starts_with('{')
    };
    if pairs.iter().all(fits) {
        let lines: Vec<_> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        return lines.join("\n");
    }
    let object: serde_json::Map<_, _> = pairs
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect();
    format!("{:#}", serde_json::Value::Object(object))
}

/// Reads what [`written`] writes.
pub(super) fn read(text: &str) -> Result<BTreeMap<String, String>, String> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text)
            .map_err(|error| format!("is no JSON object of texts: {error}"));
    }
    let mut pairs = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            let message = "has no `=`; write `NAME=value`";
            return Err(format!("line {}: `{line}` {message}", at + 1));
        };
        let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
        if pairs.contains_key(&name) {
            return Err(format!(
                "line {}: `{name}` is there twice; keep one",
                at + 1
            ));
        }
        pairs.insert(name, value);
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(given: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = given
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        owned.collect()
    }

    #[test]
    fn pairs_survive_being_written() {
        for given in [
            pairs(&[]),
            pairs(&[("A", "1"), ("B", "x=y"), ("C", "")]),
            pairs(&[("A", "two\nlines")]),
            pairs(&[("A", " padded ")]),
            pairs(&[("{", "brace")]),
            pairs(&[("a=b", "name")]),
        ] {
            assert_eq!(read(&written(&given)), Ok(given));
        }
    }

    #[test]
    fn a_line_that_is_no_pair_is_named() {
        for (text, expected) in [
            ("A=1\n\nB", "line 3: `B` has no `=`; write `NAME=value`"),
            ("A=1\nA=2", "line 2: `A` is there twice; keep one"),
        ] {
            assert_eq!(read(text), Err(expected.to_owned()));
        }
        assert!(read("{\"A\": 1}").is_err());
    }
}
