//! What things of event files are called once they have left them.

/// The name of an artifact has at most so many bytes; what follows the tag needs a few.
const TAG_BYTES_MAX: usize = 200;

/// Folders that hold one of several parts of a training: the tags of each need its name.
const PARTS: [&str; 8] = [
    "train",
    "training",
    "validation",
    "val",
    "valid",
    "eval",
    "evaluation",
    "test",
];

/// What a part of something to look at is called as a file.
pub fn media_name(tag: &str, step: i64, part: usize, extension: &str) -> String {
    let is_hidden = |c: char| c.is_control() || c == '\\' || ('\u{200e}'..='\u{2069}').contains(&c);
    let parts = tag.split('/').map(str::trim);
    let parts = parts.filter(|part| !matches!(*part, "" | "." | ".."));
    let tag = parts.collect::<Vec<_>>().join("/").replace(is_hidden, "_");
    let tag = &tag[..tag.floor_char_boundary(TAG_BYTES_MAX)];
    let tag = if tag.is_empty() { "untitled" } else { tag }.trim_end_matches('/');
    match part {
        0 => format!("tensorboard/{tag}/{step}.{extension}"),
        part => format!("tensorboard/{tag}/{step}-{part}.{extension}"),
    }
}

/// The folder whose tags stand without a prefix, out of the folders in which event files lie: what
/// they have in common, less a last part such as `train`. Paths have `/` between their parts.
pub fn base_of<'a>(folders: impl IntoIterator<Item = &'a str>) -> String {
    let mut folders = folders.into_iter().map(parts);
    let mut common = folders.next().unwrap_or_default();
    for folder in folders {
        let same = common.iter().zip(&folder).take_while(|(a, b)| a == b);
        let same = same.count();
        common.truncate(same);
    }
    if common.last().is_some_and(|last| PARTS.contains(last)) {
        common.pop();
    }
    common.join("/")
}

/// A tag of a file in `folder` as the name of a series: with the path from `base` before it, or from
/// the top where the folder lies elsewhere.
pub fn series_name(base: &str, folder: &str, tag: &str) -> String {
    let (base, folder) = (parts(base), parts(folder));
    let below = folder.strip_prefix(base.as_slice()).unwrap_or(&folder);
    let below = below.iter().copied();
    below.chain([tag]).collect::<Vec<_>>().join("/")
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_have_names_that_are_kept() {
        let check = |tag: &str, part, expected: &str| {
            assert_eq!(media_name(tag, 7, part, "png"), expected, "{tag}");
        };
        check("sample", 0, "tensorboard/sample/7.png");
        check("a/b", 2, "tensorboard/a/b/7-2.png");
        check("../../etc", 0, "tensorboard/etc/7.png");
        check("/a//b/", 0, "tensorboard/a/b/7.png");
        check("a\\b\n\u{202e}", 0, "tensorboard/a_b__/7.png");
        check("", 0, "tensorboard/untitled/7.png");
        let long = "é".repeat(300);
        assert!(media_name(&long, i64::MIN, 9, "png").len() < 255);
    }

    fn check(folders: &[&str], base: &str, names: &[&str]) {
        assert_eq!(base_of(folders.iter().copied()), base);
        let found = folders
            .iter()
            .map(|folder| series_name(base, folder, "loss"));
        assert_eq!(found.collect::<Vec<_>>(), names);
    }

    #[test]
    fn one_folder_gives_plain_tags() {
        check(&[""], "", &["loss"]);
        check(&["runs/Nov21_host"], "runs/Nov21_host", &["loss"]);
    }

    #[test]
    fn several_folders_are_told_apart() {
        check(
            &["logs/train", "logs/validation"],
            "logs",
            &["train/loss", "validation/loss"],
        );
        check(&["logs/train"], "logs", &["train/loss"]);
        check(&["a", "b/c"], "", &["a/loss", "b/c/loss"]);
        check(&["runs/x", "runs/x/17.5"], "runs/x", &["loss", "17.5/loss"]);
        assert_eq!(series_name("runs/x", "other", "loss"), "other/loss");
    }
}
