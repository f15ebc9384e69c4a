//! A limit on length: a function may not pass 70 lines nor a file 500.

use super::Source;

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 500;

pub(crate) fn breaches(files: &[Source]) -> Vec<String> {
    let product = files
        .iter()
        .filter(|file| file.is_rust() && !file.is_test());
    product.flat_map(breaches_of).collect()
}

fn breaches_of(file: &Source) -> Vec<String> {
    let lines: Vec<&str> = file.code().lines().collect();
    let mut found = Vec::new();
    if lines.len() > FILE_LINES_MAX {
        found.push(format!(
            "{} has {} lines; split what is not one thing",
            file.path,
            lines.len()
        ));
    }
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else {
            continue;
        };
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = format!("{indent}}}");
        let length = lines[at..]
            .iter()
            .position(|line| *line == end)
            .unwrap_or(0);
        if length > FUNCTION_LINES_MAX {
            found.push(format!(
                "{}:{}: `{name}` has {length} lines",
                file.path,
                at + 1
            ));
        }
    }
    found
}

/// The name of the function that begins on this line.
fn function_name(line: &str) -> Option<&str> {
    let mut words = line.trim_start();
    for prefix in [
        "pub(crate) ",
        "pub(super) ",
        "pub ",
        "const ",
        "async ",
        "unsafe ",
    ] {
        words = words.strip_prefix(prefix).unwrap_or(words);
    }
    let name = words.strip_prefix("fn ")?;
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    (!line.trim_end().ends_with(';')).then_some(&name[..end])
}
