//! The templates that are in the program itself.

use std::sync::Arc;

use cupola_domain::template::Template;

use super::manifest;

const CHAR_LM: &str = include_str!("../../../../templates/char-lm/template.toml");
const CHAR_LM_TORCH: &str = include_str!("../../../../templates/char-lm-torch/template.toml");
const CHAR_LM_TORCH_SCRIPT: &[u8] = include_bytes!("../../../../templates/char-lm-torch/train.py");

pub(crate) fn templates() -> Vec<Arc<Template>> {
    [CHAR_LM, CHAR_LM_TORCH]
        .into_iter()
        .map(|text| {
            let template = manifest::parse(text, |file| match file {
                "train.py" => Ok(CHAR_LM_TORCH_SCRIPT.to_vec()),
                _ => Err("is not in the program".to_owned()),
            });
            Arc::new(template.expect("built-in manifests are read by a test"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use cupola_search::{char_lm::char_lm_space, space::Space};
    use serde_json::Value;

    use super::*;

    #[test]
    fn both_character_models_search_the_same_space() {
        for template in templates() {
            let space = Space::parse_json(&Value::Object(template.space.clone())).unwrap();
            assert_eq!(space, char_lm_space(), "{}", template.name);
        }
    }

    #[test]
    fn a_worker_without_torch_is_not_offered_the_torch_template() {
        let needs: Vec<_> = templates()
            .iter()
            .map(|t| (t.name.clone(), t.needs.torch))
            .collect();
        assert_eq!(
            needs,
            [
                ("char-lm".to_owned(), false),
                ("char-lm-torch".to_owned(), true)
            ]
        );
    }
}
