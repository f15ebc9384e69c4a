//! A short training whose weights tell machines apart that compute other bits.

use std::time::Duration;

use crate::{config::Config, corpus, data::Corpus, events::Events, train::train};

/// Small, and yet through every kind of layer and both passes. Steps and not the clock end it.
const CONFIG: &str = r#"{"n_layers": 2, "n_heads": 2, "d_model": 48, "d_ff": 96, "batch_size": 8,
    "context_length": 48, "lr": 0.01, "weight_decay": 0.1, "seed": 20, "max_steps": 24}"#;

/// How much text it learns from.
const CORPUS_BYTES: usize = 40_000;

/// Trains a model that is always the same, and gives the bits of what it learned: equal on every machine
/// that computes the same bits, whatever its number of threads.
pub fn probe() -> Vec<u8> {
    let parsed = Config::parse(CONFIG).expect("the probe's configuration is right");
    let corpus = Corpus::from_bytes(&corpus::generate(CORPUS_BYTES, 1));
    let stands_still = || Duration::ZERO;
    let mut unheard = std::io::sink();
    let mut events = Events::new(&mut unheard, true);
    let trained = train(&parsed.config, &corpus, &stands_still, &mut events);
    let weights = trained.model.params().iter();
    let mut bits: Vec<u8> = weights.flat_map(|weight| weight.to_le_bytes()).collect();
    bits.extend(trained.report.val_bpb.to_le_bytes());
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_the_same_bits_each_time() {
        let (one, other) = (probe(), probe());
        assert!(one.len() > 100_000, "{}", one.len());
        assert!(one == other);
    }

    #[test]
    fn it_went_all_the_way() {
        let parsed = Config::parse(CONFIG).unwrap();
        let corpus = Corpus::from_bytes(&corpus::generate(CORPUS_BYTES, 1));
        let (clock, mut sink) = (|| Duration::ZERO, std::io::sink());
        let mut events = Events::new(&mut sink, true);
        let report = train(&parsed.config, &corpus, &clock, &mut events).report;
        assert_eq!(report.steps_completed, 24);
        assert!(report.val_bpb.is_finite() && report.train_loss.is_finite());
    }
}
