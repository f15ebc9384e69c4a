//! What things of event files are called once they have left them.

/// The name of an artifact has at most so many bytes; what follows the tag needs a few.
const TAG_BYTES_MAX: usize = 200;

/// So many texts and images of one run are kept, and so many bytes of them.
const MEDIA_MAX: usize = 200;
const MEDIA_BYTES_MAX: usize = 64 << 20;

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
    let tag = whole_parts(&tag[..tag.floor_char_boundary(TAG_BYTES_MAX)]);
    let tag = if tag.is_empty() { "untitled" } else { tag };
    match part {
        0 => format!("tensorboard/{tag}/{step}.{extension}"),
        part => format!("tensorboard/{tag}/{step}-{part}.{extension}"),
    }
}

/// The path without a last part that a cut has left of no meaning.
fn whole_parts(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((before, "" | "." | "..")) => before,
        _ => path,
    }
}

/// How much of what can be looked at is kept of the event files of one run.
#[derive(Debug, Default)]
pub struct MediaKept {
    count: usize,
    bytes: usize,
}

impl MediaKept {
    /// Whether a further part of so many bytes is kept.
    pub fn admits(&mut self, bytes: usize) -> bool {
        let is_kept = self.count < MEDIA_MAX && self.bytes + bytes <= MEDIA_BYTES_MAX;
        if is_kept {
            self.count += 1;
            self.bytes += bytes;
        }
        is_kept
    }

    /// How many are kept.
    pub fn count(&self) -> usize {
        self.count
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
    use cupola_domain::artifact::check_name;

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

    #[test]
    fn a_cut_name_is_a_name() {
        for end in ["/.x", "/..x", "/..", "/x", "x/y"] {
            for before in TAG_BYTES_MAX - 4..=TAG_BYTES_MAX {
                let tag = "x".repeat(before) + end;
                let name = media_name(&tag, 1, 0, "png");
                assert_eq!(check_name(&name), Ok(()), "{name}");
            }
        }
    }

    #[test]
    fn media_are_kept_within_bounds() {
        let mut few = MediaKept::default();
        assert!(few.admits(MEDIA_BYTES_MAX - 1));
        assert!(!few.admits(2));
        assert!(few.admits(1));
        assert_eq!(few.count(), 2);
        let mut many = MediaKept::default();
        assert!((0..MEDIA_MAX).all(|_| many.admits(0)));
        assert!(!many.admits(0));
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
