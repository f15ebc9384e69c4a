//! The Python of this machine, by asking it.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    time::Duration,
};

use cupola_domain::resources::Python;
use serde_json::Value;

use crate::process;

/// Importing PyTorch from a cold disk takes its time.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Names looked for after the configured path.
const NAMES: [&str; 2] = ["python3", "python"];

/// Says what Python is; the path without the detours of shims and links by which it was found.
const QUESTION: &str = "
import json, sys
answer = {'path': sys.executable, 'version': '.'.join(map(str, sys.version_info[:3]))}
try:
    import torch
    answer['torch'] = torch.__version__
    answer['cuda'] = torch.cuda.is_available()
except Exception:
    pass
print(json.dumps(answer))
";

/// The first Python that answers: the configured one, or else one on the path.
pub(super) async fn find(
    configured: Option<&Path>,
    environment: &[(OsString, OsString)],
) -> Option<Python> {
    let names = NAMES.map(OsStr::new);
    let candidates = configured.map(Path::as_os_str).into_iter().chain(names);
    for candidate in candidates {
        let answer = process::capture(candidate, &["-c", QUESTION], environment, TIMEOUT).await;
        if let Some(python) = answer.and_then(|answer| read(&answer, candidate)) {
            return Some(python);
        }
    }
    None
}

fn read(answer: &[u8], candidate: &OsStr) -> Option<Python> {
    let text = std::str::from_utf8(answer).ok()?;
    let last = text.lines().rfind(|line| !line.trim().is_empty())?;
    let answer: Value = serde_json::from_str(last).ok()?;
    let text = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(Python {
        path: text("path")
            .filter(|path| !path.is_empty())
            .unwrap_or_else(|| candidate.to_string_lossy().into_owned()),
        version: text("version")?,
        torch: text("torch"),
        has_cuda: answer.get("cuda").and_then(Value::as_bool) == Some(true),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, expected: Option<(&str, &str, Option<&str>, bool)>) {
        let found = read(answer.as_bytes(), OsStr::new("python3"));
        let shown = found.as_ref().map(|p| {
            (
                p.path.as_str(),
                p.version.as_str(),
                p.torch.as_deref(),
                p.has_cuda,
            )
        });
        assert_eq!(shown, expected, "{answer}");
    }

    #[test]
    fn an_answer_is_read_from_its_last_line() {
        check(
            "a banner\n{\"path\": \"/p\", \"version\": \"3.11.7\", \"torch\": \"2.5\", \"cuda\": true}\n",
            Some(("/p", "3.11.7", Some("2.5"), true)),
        );
        check(
            "{\"path\": \"\", \"version\": \"3.11.7\"}",
            Some(("python3", "3.11.7", None, false)),
        );
    }

    #[test]
    fn what_is_no_answer_is_no_python() {
        for answer in ["", "3.11", "{}"] {
            check(answer, None);
        }
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_passed_over() {
        let missing = Path::new("/nonexistent/python");
        let environment = [("PATH".into(), "/nonexistent".into())];
        assert_eq!(find(Some(missing), &environment).await, None);
    }
}
