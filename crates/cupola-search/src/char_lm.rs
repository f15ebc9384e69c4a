//! The search space of the built-in character language model.

use serde_json::{Value, json};

use crate::space::{Domain, Parameter, Space};

/// Learning rate and schedule, shape of the transformer, batch and context.
pub fn char_lm_space() -> Space {
    let parameters = vec![
        Parameter::new(
            "lr",
            Domain::LogUniform {
                low: 1e-4,
                high: 1e-2,
            },
        ),
        choice("lr_schedule", &json!(["cosine", "linear", "step_decay"])),
        choice("n_layers", &json!([2, 4, 6])),
        choice("n_heads", &json!([2, 4])),
        choice("d_model", &json!([64, 128, 256])).divisible_by("n_heads"),
        choice("d_ff", &json!([256, 512])),
        choice("batch_size", &json!([32, 64, 128])),
        choice("context_length", &json!([128, 256])),
    ];
    Space::new(parameters).expect("the built-in space is valid: checked by tests")
}

fn choice(name: &str, values: &Value) -> Parameter {
    let values = values.as_array().cloned().unwrap_or_default();
    Parameter::new(name, Domain::Choice(values))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::sampler::{Sampler, grid_size, sample};

    fn expressions() -> Vec<(String, String)> {
        let space = char_lm_space();
        let parameters = space.parameters().iter();
        parameters
            .map(|p| (p.name.clone(), p.expression()))
            .collect()
    }

    #[test]
    fn every_range_is_the_documented_one() {
        let expected = [
            ("lr", "log_uniform(1e-4, 0.01)"),
            ("lr_schedule", "choice(cosine, linear, step_decay)"),
            ("n_layers", "choice(2, 4, 6)"),
            ("n_heads", "choice(2, 4)"),
            ("d_model", "choice(64, 128, 256) divisible by n_heads"),
            ("d_ff", "choice(256, 512)"),
            ("batch_size", "choice(32, 64, 128)"),
            ("context_length", "choice(128, 256)"),
        ];
        let expected: Vec<(String, String)> = expected
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .to_vec();
        assert_eq!(expressions(), expected);
    }

    #[test]
    fn every_listed_value_is_drawn_and_no_other() {
        let space = char_lm_space();
        for sampler in Sampler::ALL {
            let configs: Vec<_> = (0..500).map(|i| sample(&space, sampler, 42, i)).collect();
            for parameter in &space.parameters()[1..] {
                let drawn: BTreeSet<String> = configs
                    .iter()
                    .map(|c| c[&parameter.name].to_string())
                    .collect();
                let Domain::Choice(values) = &parameter.domain else {
                    unreachable!("all but the learning rate are choices")
                };
                let listed: BTreeSet<String> = values.iter().map(Value::to_string).collect();
                assert_eq!(drawn, listed, "{sampler} {}", parameter.name);
            }
        }
    }

    #[test]
    fn learning_rates_have_six_decimals_and_fill_both_decades() {
        for sampler in Sampler::ALL {
            let rates: Vec<f64> = (0..1_000)
                .map(|i| {
                    sample(&char_lm_space(), sampler, 7, i)["lr"]
                        .as_f64()
                        .unwrap()
                })
                .collect();
            for rate in &rates {
                assert!((1e-4..=1e-2).contains(rate), "{rate}");
                let rounded: f64 = format!("{rate:.6}").parse().unwrap();
                assert_eq!(rounded.to_bits(), rate.to_bits());
            }
            let lower = rates.iter().filter(|rate| **rate < 1e-3).count();
            assert!((390..=550).contains(&lower), "{sampler} {lower}");
        }
    }

    #[test]
    fn the_grid_has_five_rates_for_each_of_the_648_choices() {
        assert_eq!(char_lm_space().size(), None);
        assert_eq!(grid_size(&char_lm_space()), Some(5 * 648));
    }

    #[test]
    fn a_short_grid_already_shows_every_value() {
        let space = char_lm_space();
        let configs: Vec<_> = (0..10)
            .map(|i| sample(&space, Sampler::Grid, 0, i))
            .collect();
        for parameter in space.parameters() {
            let drawn: BTreeSet<String> = configs
                .iter()
                .map(|c| c[&parameter.name].to_string())
                .collect();
            let all = parameter.domain.grid_levels(None, 5).count();
            assert_eq!(drawn.len() as u64, all, "{}: {drawn:?}", parameter.name);
        }
    }
}
