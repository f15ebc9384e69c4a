//! What the name of a series says that it measures: the names that programs commonly use.

/// How fast a program says it goes; what says most of a machine comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Throughput {
    /// Tokens or characters.
    Tokens,
    /// Examples, sequences or images.
    Samples,
    /// Steps of the optimiser.
    Steps,
}

impl Throughput {
    /// All of them.
    pub const ALL: [Throughput; 3] = [Throughput::Tokens, Throughput::Samples, Throughput::Steps];

    /// What a series of this name says of speed while training; `None` for every other name.
    ///
    /// The last part of the name counts: `samples_per_second`, `tokens_per_sec`, with `train_` before
    /// it or in a part of its own. How fast an evaluation went is not meant.
    pub fn of_name(name: &str) -> Option<Self> {
        let mut parts = parts(name);
        let last = parts.next_back()?;
        if parts.any(|part| EVALUATION.contains(&part)) {
            return None;
        }
        let last = last.strip_prefix("train_").unwrap_or(last);
        let what = ["_per_second", "_per_sec"]
            .iter()
            .find_map(|unit| last.strip_suffix(unit))?;
        Self::ALL.into_iter().find(|each| each.word() == what)
    }

    /// What is counted, in the plural.
    pub const fn word(self) -> &'static str {
        match self {
            Throughput::Samples => "samples",
            Throughput::Tokens => "tokens",
            Throughput::Steps => "steps",
        }
    }

    /// The unit that values are shown with.
    pub const fn unit(self) -> &'static str {
        match self {
            Throughput::Samples => "samples/s",
            Throughput::Tokens => "tokens/s",
            Throughput::Steps => "steps/s",
        }
    }
}

/// Of which data a loss is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loss {
    /// What the program learns from.
    Training,
    /// What it does not learn from.
    Validation,
}

impl Loss {
    /// Which loss a series of this name is; `None` for every other name. `loss` alone is the one of
    /// training; a `/` or `.` in a name counts as `_`.
    pub fn of_name(name: &str) -> Option<Self> {
        let of: Vec<&str> = name.split(['/', '.', '_']).collect();
        match of.as_slice() {
            ["loss"] => Some(Loss::Training),
            [of, "loss"] if TRAINING.contains(of) => Some(Loss::Training),
            [of, "loss"] if EVALUATION.contains(of) && *of != "test" => Some(Loss::Validation),
            _ => None,
        }
    }

    /// The word on pages and in bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Loss::Training => "training",
            Loss::Validation => "validation",
        }
    }
}

const TRAINING: [&str; 2] = ["train", "training"];

const EVALUATION: [&str; 5] = ["val", "valid", "validation", "eval", "test"];

fn parts(name: &str) -> impl DoubleEndedIterator<Item = &str> {
    name.split(['/', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_of_a_name_says_which_throughput_it_is() {
        let check = |name: &str, expected: Option<Throughput>| {
            assert_eq!(Throughput::of_name(name), expected, "{name}");
        };
        check("samples_per_second", Some(Throughput::Samples));
        check("tokens_per_second", Some(Throughput::Tokens));
        check("steps_per_sec", Some(Throughput::Steps));
        check("train/samples_per_second", Some(Throughput::Samples));
        check("train_samples_per_second", Some(Throughput::Samples));
        check("perf.train_steps_per_second", Some(Throughput::Steps));
        check("eval/samples_per_second", None);
        check("eval_samples_per_second", None);
        check("tokens_per_second/mean", None);
        check("joules_per_second", None);
        check("samples", None);
        check("", None);
    }

    #[test]
    fn a_loss_is_known_by_its_whole_name() {
        let check = |name: &str, expected: Option<Loss>| {
            assert_eq!(Loss::of_name(name), expected, "{name}");
        };
        for name in [
            "loss",
            "train_loss",
            "train/loss",
            "training_loss",
            "train.loss",
        ] {
            check(name, Some(Loss::Training));
        }
        for name in [
            "val_loss",
            "validation_loss",
            "eval_loss",
            "eval/loss",
            "val/loss",
        ] {
            check(name, Some(Loss::Validation));
        }
        for name in [
            "test_loss",
            "loss_scale",
            "aux_loss",
            "train/loss/mean",
            "losses",
            "",
        ] {
            check(name, None);
        }
    }
}
