//! Measures training steps per second: `steps_per_second [--threads N] [--steps N]
//! [--batch N] [--context N] [--width N] [--hidden N] [--layers N] [--heads N]`.
//!
//! Prints one JSON object with the wall time and the processor time of a step.

use std::time::Instant;

use cupola_train::{CharLm, Config, Corpus, Learner, Rng};

/// Steps before the clock starts.
const WARMUP_STEPS: usize = 5;

fn main() -> Result<(), String> {
    let threads = option("--threads", 2)?;
    let steps = option("--steps", 100)?;
    let config = Config {
        n_layers: option("--layers", 4)?,
        n_heads: option("--heads", 4)?,
        d_model: option("--width", 64)?,
        d_ff: option("--hidden", 256)?,
        batch_size: option("--batch", 16)?,
        context_length: option("--context", 128)?,
        ..Config::default()
    };
    let corpus = Corpus::generated();
    let model = CharLm::new(
        config.shape(corpus.vocab().len()),
        &mut Rng::new(config.seed),
    );
    let mut learner = Learner::new(model, config.batch_size, threads, 0.01);
    let (mut wall, mut processor) = (Instant::now(), processor_ticks());
    let mut loss = f64::NAN;
    for step in 0..WARMUP_STEPS + steps {
        if step == WARMUP_STEPS {
            (wall, processor) = (Instant::now(), processor_ticks());
        }
        let batch = corpus.batch(config.seed, step, config.batch_size, config.context_length);
        loss = learner.gradient(&batch, &|| false).loss;
        learner.update(config.lr);
    }
    report(&learner, (threads, steps, loss), wall, processor);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
#[expect(
    clippy::print_stdout,
    reason = "the measurement is the program's output"
)]
fn report(
    learner: &Learner,
    (threads, steps, loss): (usize, usize, f64),
    wall: Instant,
    processor: Option<u64>,
) {
    let secs = wall.elapsed().as_secs_f64();
    // The kernel counts in hundredths of a second on every common platform.
    let ticks = processor
        .zip(processor_ticks())
        .map(|(before, after)| after - before);
    let line = serde_json::json!({
        "params": learner.model().params_count(),
        "threads": threads,
        "steps": steps,
        "steps_per_second": steps as f64 / secs,
        "cpu_seconds_per_step": ticks.map(|ticks| ticks as f64 / 100.0 / steps as f64),
        "loss": loss,
    });
    println!("{line}");
}

/// User and system time of this process so far, where `/proc` tells it.
fn processor_ticks() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn option(name: &str, default: usize) -> Result<usize, String> {
    let mut args = std::env::args().skip_while(|arg| arg != name);
    match (args.next(), args.next()) {
        (None, _) => Ok(default),
        (_, Some(value)) => value
            .parse()
            .map_err(|_| format!("{name} `{value}` is not a number")),
        (_, None) => Err(format!("{name} needs a number")),
    }
}
