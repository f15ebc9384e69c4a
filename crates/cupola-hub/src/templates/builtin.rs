//! The templates that are in the program itself.

use std::sync::Arc;

use cupola_domain::template::{Source, Template};

use super::manifest;

/// A manifest with the files beside it.
type BuiltIn = (&'static str, &'static [(&'static str, &'static [u8])]);

const ALL: [BuiltIn; 4] = [
    (
        include_str!("../../../../templates/char-lm/template.toml"),
        &[],
    ),
    (
        include_str!("../../../../templates/char-lm-torch/template.toml"),
        &[(
            "train.py",
            include_bytes!("../../../../templates/char-lm-torch/train.py"),
        )],
    ),
    (
        include_str!("../../../../templates/curve-fit/template.toml"),
        &[(
            "fit.py",
            include_bytes!("../../../../templates/curve-fit/fit.py"),
        )],
    ),
    (
        include_str!("../../../../templates/compress/template.toml"),
        &[(
            "run.sh",
            include_bytes!("../../../../templates/compress/run.sh"),
        )],
    ),
];

pub(super) fn templates() -> Vec<Arc<Template>> {
    let read = |(text, files): BuiltIn| {
        let contents = |path: &str| {
            let found = files.iter().find(|(name, _)| *name == path);
            let bytes = found.map(|(_, bytes)| bytes.to_vec());
            bytes.ok_or_else(|| "is not in the program".to_owned())
        };
        let template = manifest::parse(text, Source::BuiltIn, &contents);
        Arc::new(template.expect("built-in manifests are read by a test"))
    };
    ALL.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use cupola_search::{char_lm::char_lm_space, space::Space};
    use serde_json::Value;

    use super::*;

    #[test]
    fn both_character_models_search_the_same_space() {
        let models = templates().into_iter();
        for template in models.filter(|template| template.name.starts_with("char-lm")) {
            let space = Space::parse_json(&Value::Object(template.space.clone())).unwrap();
            assert_eq!(space, char_lm_space(), "{}", template.name);
        }
    }

    #[test]
    fn a_worker_without_torch_is_not_offered_the_torch_template() {
        let templates = templates();
        let needing = templates.iter().filter(|template| template.needs.torch);
        let names: Vec<_> = needing.map(|template| template.name.as_str()).collect();
        assert_eq!(names, ["char-lm-torch"]);
    }
}
