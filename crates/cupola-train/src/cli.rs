//! The command line of the built-in programs.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use crate::config::Config;
use crate::data::Corpus;
use crate::events::{Events, Level, open_descriptor};
use crate::model::CharLm;
use crate::train::train;
use crate::weights;

/// Names the descriptor that live events go to.
const EVENTS_FD: &str = "CUPOLA_EVENTS_FD";
/// The report could not be written.
const EXIT_OUTPUT: u8 = 1;
/// The command line, the config or the data cannot be used.
const EXIT_USAGE: u8 = 2;

const USAGE: &str = "\
usage: cupola train char-lm --config-file FILE [--data PATH] [--threads N] [--quiet]

Trains a character transformer and writes one JSON object as the last line of stdout:
val_bpb, train_loss, steps_completed, wall_time_seconds, device_used, model_params.
Everything else goes to stderr. Ends by itself after 90 % of time_budget_seconds.

  --config-file FILE  one flat JSON object: lr, lr_schedule (cosine, linear, step_decay),
                      n_layers, n_heads, d_model, d_ff, batch_size, context_length, seed,
                      time_budget_seconds, max_steps, weight_decay, eval_interval, threads,
                      save_model (true: the model to model.safetensors beside FILE)
  --data PATH         a text file to learn, instead of the built-in generated text
  --threads N         threads, instead of one per core
  --quiet             only warnings on stderr

CUPOLA_EVENTS_FD=N sends live events as JSON lines to descriptor N.
Exit codes: 0 done (also when the loss became NaN: the report says so), 1 the report could
not be written, 2 the command line, the config or the data cannot be used.";

/// Runs `cupola train ARGS`, where `started` is when the process did.
pub fn main(
    args: &[OsString],
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
    started: Instant,
) -> ExitCode {
    let events_fd = std::env::var(EVENTS_FD).ok();
    ExitCode::from(run(args, stdout, stderr, started, events_fd.as_deref()))
}

fn run(
    args: &[OsString],
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
    started: Instant,
    events_fd: Option<&str>,
) -> u8 {
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        return written(writeln!(stdout, "{USAGE}"));
    }
    let (options, config, ignored, corpus) = match prepare(args) {
        Ok(prepared) => prepared,
        Err(problems) => return refuse(stderr, &problems),
    };
    let mut events = Events::new(stderr, options.quiet);
    match events_fd.map(open_descriptor) {
        Some(Ok(watcher)) => events = events.with_watcher(watcher),
        Some(Err(error)) => {
            let message = format!("{EVENTS_FD} cannot be written to, so no live events: {error}");
            events.log(Level::Warning, &message);
        }
        None => {}
    }
    for key in ignored {
        events.log(
            Level::Info,
            &format!("config field `{key}` is not used by char-lm"),
        );
    }
    let trained = train(&config, &corpus, &|| started.elapsed(), &mut events);
    if config.save_model {
        let path = options.config_file.with_file_name(weights::FILE);
        if let Err(error) = save(&trained.model, &corpus, &path) {
            let message = format!("the model cannot be saved to `{}`: {error}", path.display());
            events.log(Level::Warning, &message);
            return EXIT_OUTPUT;
        }
        events.artifact(&path, weights::FILE);
    }
    let line = trained.report.to_json();
    written(writeln!(stdout, "{line}").and_then(|()| stdout.flush()))
}

fn save(model: &CharLm, corpus: &Corpus, path: &Path) -> io::Result<()> {
    let mut file = BufWriter::new(fs::File::create(path)?);
    weights::write(model, corpus.vocab(), &mut file)
}

/// What the command line asks for.
#[derive(Debug, Default, PartialEq)]
struct Options {
    config_file: PathBuf,
    data: Option<PathBuf>,
    threads: Option<usize>,
    quiet: bool,
}

type Problems = Vec<String>;

fn prepare(args: &[OsString]) -> Result<(Options, Config, Vec<String>, Corpus), Problems> {
    let options = parse(args).map_err(|problem| vec![problem, String::new(), USAGE.to_owned()])?;
    let (mut config, ignored) = read_config(&options.config_file)?;
    config.threads = options.threads.or(config.threads);
    let corpus = read_corpus(options.data.as_deref(), config.context_length)?;
    Ok((options, config, ignored, corpus))
}

fn parse(args: &[OsString]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut args = args.iter();
    match args.next().and_then(|name| name.to_str()) {
        Some("char-lm") => {}
        Some(name) => return Err(format!("no program is called `{name}`; there is `char-lm`")),
        None => return Err("name a program; there is `char-lm`".to_owned()),
    }
    while let Some(arg) = args.next() {
        let (flag, given) = split_flag(arg);
        let mut value = || {
            let next = given.clone().or_else(|| args.next().cloned());
            next.ok_or_else(|| format!("`{flag}` needs a value"))
        };
        match flag.as_str() {
            "--config-file" => options.config_file = value()?.into(),
            "--data" => options.data = Some(value()?.into()),
            "--threads" => options.threads = Some(parse_threads(&value()?)?),
            "--quiet" if given.is_none() => options.quiet = true,
            _ => return Err(format!("`{}` is not an option", arg.display())),
        }
    }
    if options.config_file.as_os_str().is_empty() {
        return Err("`--config-file FILE` is missing".to_owned());
    }
    Ok(options)
}

/// `--flag=value` as flag and value.
fn split_flag(arg: &OsStr) -> (String, Option<OsString>) {
    let text = arg.to_string_lossy();
    match text.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") => (flag.to_owned(), Some(value.into())),
        _ => (text.into_owned(), None),
    }
}

fn parse_threads(value: &OsStr) -> Result<usize, String> {
    let number = value.to_str().and_then(|text| text.parse().ok());
    number
        .filter(|threads| (1..=1024).contains(threads))
        .ok_or_else(|| {
            format!(
                "`--threads` is `{}`: give a number from 1 to 1024",
                value.display()
            )
        })
}

fn read_config(path: &Path) -> Result<(Config, Vec<String>), Problems> {
    let text = fs::read_to_string(path)
        .map_err(|error| vec![format!("config file `{}`: {error}", path.display())])?;
    match Config::parse(&text) {
        Ok(parsed) => Ok((parsed.config, parsed.ignored)),
        Err(errors) => {
            let problem = |error| format!("config file `{}`: {error}", path.display());
            Err(errors.iter().map(problem).collect())
        }
    }
}

fn read_corpus(path: Option<&Path>, context: usize) -> Result<Corpus, Problems> {
    let Some(path) = path else {
        return Ok(Corpus::generated());
    };
    let text =
        fs::read(path).map_err(|error| vec![format!("data `{}`: {error}", path.display())])?;
    let corpus = Corpus::from_bytes(&text);
    if corpus.has_windows(context) {
        return Ok(corpus);
    }
    Err(vec![format!(
        "data `{}` has {} bytes: `context_length` = {context} needs {} or more",
        path.display(),
        text.len(),
        Corpus::len_min(context)
    )])
}

fn refuse(stderr: &mut dyn Write, problems: &[String]) -> u8 {
    for problem in problems {
        // If stderr is closed, the exit code has to do.
        let _ = writeln!(stderr, "{problem}");
    }
    EXIT_USAGE
}

fn written(result: std::io::Result<()>) -> u8 {
    if result.is_ok() { 0 } else { EXIT_OUTPUT }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use serde_json::Value;

    use super::*;

    const TINY: &str = r#"{"n_layers": 1, "n_heads": 1, "d_model": 8, "d_ff": 8, "batch_size": 2,
        "context_length": 8, "max_steps": 2, "dropout": 0.1}"#;

    /// A file that is deleted when the test is over.
    struct Temporary(PathBuf);

    impl Temporary {
        fn new(content: &[u8]) -> Self {
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("cupola-train-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::write(&path, content).unwrap();
            Self(path)
        }

        fn path(&self) -> &str {
            self.0.to_str().unwrap()
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    /// Exit code, stdout and stderr.
    fn run_with(args: &[&str], events_fd: Option<&str>) -> (u8, String, String) {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(&args, &mut out, &mut err, Instant::now(), events_fd);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (code, text(out), text(err))
    }

    fn check_refused(args: &[&str], message: &str) {
        let (code, out, err) = run_with(args, None);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(message), "{err}");
    }

    fn check_config_refused(config: &str, message: &str) {
        let file = Temporary::new(config.as_bytes());
        check_refused(&["char-lm", "--config-file", file.path()], message);
    }

    #[test]
    fn the_report_is_the_only_line_on_stdout() {
        let file = Temporary::new(TINY.as_bytes());
        let (code, out, err) = run_with(&["char-lm", "--config-file", file.path()], None);
        assert_eq!((code, out.lines().count()), (0, 1), "{err}");
        let report: Value = serde_json::from_str(&out).unwrap();
        let fields: Vec<&String> = report.as_object().unwrap().keys().collect();
        assert_eq!(
            fields,
            [
                "val_bpb",
                "train_loss",
                "steps_completed",
                "wall_time_seconds",
                "device_used",
                "model_params"
            ]
        );
        assert_eq!(report["steps_completed"], 2);
        assert!(err.contains("`dropout` is not used"), "{err}");
    }

    #[test]
    fn any_text_file_can_be_learned() {
        let file = Temporary::new(TINY.as_bytes());
        let data = Temporary::new("Ähnlich ist nicht gleich. ".repeat(50).as_bytes());
        let config = format!("--config-file={}", file.path());
        let (code, out, err) = run_with(
            &[
                "char-lm",
                &config,
                "--data",
                data.path(),
                "--quiet",
                "--threads",
                "2",
            ],
            None,
        );
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.contains("val_bpb"), "{out}");
    }

    #[test]
    fn the_model_is_saved_where_it_is_asked_for() {
        let folder =
            std::env::temp_dir().join(format!("cupola-train-saved-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let (config, events) = (folder.join("config.json"), folder.join("events"));
        fs::write(&config, TINY.replacen('{', r#"{"save_model": true, "#, 1)).unwrap();
        let watcher = fs::File::create(&events).unwrap();
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(&watcher).to_string();

        let config = config.to_str().unwrap();
        let (code, _, err) = run_with(&["char-lm", "--config-file", config], Some(&descriptor));
        assert_eq!(code, 0, "{err}");
        let saved = folder.join("model.safetensors");
        assert!(fs::metadata(&saved).unwrap().len() > 1_000);
        let said = fs::read_to_string(&events).unwrap();
        let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        let wanted =
            serde_json::json!({"type": "artifact", "path": saved, "name": "model.safetensors"});
        assert_eq!(last, wanted);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn help_goes_to_stdout() {
        let (code, out, _) = run_with(&["char-lm", "--help"], None);
        assert_eq!(
            (code, out.starts_with("usage: cupola train char-lm")),
            (0, true)
        );
    }

    #[test]
    fn wrong_command_lines_are_refused() {
        check_refused(&[], "name a program");
        check_refused(&["gru"], "no program is called `gru`");
        check_refused(&["char-lm"], "`--config-file FILE` is missing");
        check_refused(
            &["char-lm", "--config-file"],
            "`--config-file` needs a value",
        );
        check_refused(&["char-lm", "--fast"], "`--fast` is not an option");
        check_refused(
            &["char-lm", "--threads", "0"],
            "`--threads` is `0`: give a number",
        );
        check_refused(
            &["char-lm", "--config-file", "/nowhere"],
            "config file `/nowhere`",
        );
    }

    #[test]
    fn wrong_configs_are_refused() {
        check_config_refused(r#"{"lr": 0}"#, "`lr` is 0: give a number above 0");
        check_config_refused("", "give one JSON object");
    }

    #[test]
    fn data_too_short_is_refused() {
        let (file, data) = (
            Temporary::new(TINY.as_bytes()),
            Temporary::new(b"too short"),
        );
        let args = [
            "char-lm",
            "--config-file",
            file.path(),
            "--data",
            data.path(),
        ];
        check_refused(&args, "has 9 bytes: `context_length` = 8 needs 90 or more");
    }

    #[test]
    fn a_descriptor_that_is_not_there_is_said_and_passed_over() {
        let file = Temporary::new(TINY.as_bytes());
        let args = ["char-lm", "--config-file", file.path()];
        for descriptor in ["three", "987654"] {
            let (code, out, err) = run_with(&args, Some(descriptor));
            assert_eq!((code, out.lines().count()), (0, 1));
            assert!(err.contains("so no live events"), "{err}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn events_go_to_the_descriptor() {
        use std::io::Read;
        use std::os::fd::AsRawFd;

        let file = Temporary::new(TINY.as_bytes());
        let (mut reader, writer) = std::io::pipe().unwrap();
        let descriptor = writer.as_raw_fd().to_string();
        let (code, ..) = run_with(
            &["char-lm", "--config-file", file.path()],
            Some(&descriptor),
        );
        drop(writer);
        let mut events = String::new();
        reader.read_to_string(&mut events).unwrap();
        assert_eq!(code, 0);
        assert!(
            events
                .lines()
                .all(|line| serde_json::from_str::<Value>(line).is_ok())
        );
        assert!(
            events.contains(r#"{"type":"result","key":"steps_completed","value":2}"#),
            "{events}"
        );
    }
}
