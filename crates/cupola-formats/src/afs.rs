//! The folders of an AFS training: `models/<key>*merged.jsonl`, one sample a line, and
//! `evaluations/results/<key>_results.json`, one score a model.

mod dataset;
mod evaluation;

pub use dataset::{Broken, Dataset};
pub use evaluation::{Evaluation, EvaluationError};

/// What the name of a file with samples ends with.
const DATASET_END: &str = "merged.jsonl";

/// What the name of a file with a score ends with.
const EVALUATION_END: &str = "_results.json";

/// The keys of the models whose samples a file in `models/` can hold, the longest first: its name begins
/// with the model's key and ends with `merged.jsonl`.
pub fn dataset_keys(file: &str) -> impl Iterator<Item = &str> {
    let head = file.strip_suffix(DATASET_END).unwrap_or_default();
    let ends = (1..=head.len()).rev();
    ends.filter_map(move |end| head.get(..end))
}

/// The key of the model whose score a file in `evaluations/results/` holds.
pub fn evaluated(file: &str) -> Option<&str> {
    file.strip_suffix(EVALUATION_END)
        .filter(|key| !key.is_empty())
}

/// The version that the name of a file with samples says: `v1` of `majora_v1_merged.jsonl`.
pub fn version_of<'a>(file: &'a str, key: &str) -> Option<&'a str> {
    let rest = file.strip_prefix(key)?.strip_suffix(DATASET_END)?;
    let is_version = |part: &&str| {
        let number = part.strip_prefix('v').unwrap_or_default();
        !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    };
    rest.split(['_', '-']).find(is_version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_belong_to_models_by_their_names() {
        let check = |file, expected: &[&str]| {
            let keys: Vec<_> = dataset_keys(file).collect();
            assert_eq!(keys, expected, "{file}");
        };
        check("din_merged.jsonl", &["din_", "din", "di", "d"]);
        check("dmerged.jsonl", &["d"]);
        check("dé_merged.jsonl", &["dé_", "dé", "d"]);
        check("merged.jsonl", &[]);
        check("din_merged.json", &[]);
        check("din", &[]);
    }

    #[test]
    fn a_score_belongs_to_the_model_that_its_file_names() {
        assert_eq!(evaluated("din_results.json"), Some("din"));
        assert_eq!(evaluated("_results.json"), None);
        assert_eq!(evaluated("din.json"), None);
    }

    #[test]
    fn a_version_is_read_from_the_name() {
        let check = |file, expected| assert_eq!(version_of(file, "majora"), expected, "{file}");
        check("majora_v1_merged.jsonl", Some("v1"));
        check("majora-v2.5-merged.jsonl", Some("v2.5"));
        check("majora_merged.jsonl", None);
        check("majora_vnext_merged.jsonl", None);
    }
}
