//! Experimaestro's own settings, `~/.config/experimaestro/settings.yaml`: workspaces that people have
//! described there. What else stands in it is passed over, and nothing is written.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use cupola_search::file::read_yaml;
use serde::Deserialize;
use serde_json::Value;

use super::{Ssh, Workspace};

/// Below the home folder.
const FILE: &str = ".config/experimaestro/settings.yaml";

/// Letters of `ssh` that take a value.
const WITH_VALUE: &str = "opilJFcmbB";

/// What values of the file may name.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

#[derive(Debug, Deserialize)]
struct Settings {
    #[serde(default)]
    workspaces: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Described {
    path: String,
    ssh: Option<Reached>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reached {
    host: String,
    shell_init: Option<String>,
    uv_offline: bool,
    python: Option<String>,
    xpm_path: Option<String>,
    options: Vec<Value>,
}

/// Where the file is.
pub(super) fn path(variables: Variables<'_>) -> Option<PathBuf> {
    Some(PathBuf::from(variables("HOME")?).join(FILE))
}

/// The workspace `id`, if the file is there and has it.
pub(super) fn find(
    path: &Path,
    id: &str,
    variables: Variables<'_>,
) -> anyhow::Result<Option<Workspace>> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text?,
    };
    let is_blank = |line: &str| line.is_empty() || line.starts_with('#');
    if text.lines().all(|line| is_blank(line.trim())) {
        return Ok(None);
    }
    let read = read_yaml(&text).map_err(anyhow::Error::msg)?;
    let settings = filled(read, variables);
    let settings: Settings = serde_json::from_value(settings)?;
    let is_meant = |entry: &Value| entry.get("id").is_some_and(|known| words(known) == id);
    let Some(entry) = settings.workspaces.into_iter().find(is_meant) else {
        return Ok(None);
    };
    let described: Described = serde_json::from_value(entry)
        .with_context(|| format!("workspace `{id}` is not described as Experimaestro does it"))?;
    Ok(Some(described.workspace()))
}

impl Described {
    fn workspace(self) -> Workspace {
        let ssh = self.ssh.filter(|ssh| !ssh.host.is_empty());
        let ssh = ssh.map(|ssh| Ssh {
            host: ssh.host,
            options: options(&ssh.options),
            shell_init: ssh.shell_init,
            cupola_path: None,
            xpm_path: ssh.xpm_path,
            uv_offline: ssh.uv_offline,
            python: ssh.python,
        });
        Workspace {
            path: self.path,
            ssh,
            ..Workspace::default()
        }
    }
}

/// There each word is one of `ssh`; here a letter stands with its value.
fn options(given: &[Value]) -> Vec<String> {
    let mut options: Vec<String> = Vec::new();
    for word in given.iter().map(words) {
        match options.last_mut() {
            Some(letter) if is_letter(letter) && !word.starts_with('-') => {
                letter.push(' ');
                letter.push_str(&word);
            }
            _ => options.push(word),
        }
    }
    options
}

fn is_letter(word: &str) -> bool {
    let letter = word.strip_prefix('-').filter(|letter| letter.len() == 1);
    letter.is_some_and(|letter| WITH_VALUE.contains(letter))
}

/// `2222` may be written without quotes.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// With `${env:NAME}` and its other spellings replaced, where there is such a variable.
fn filled(value: Value, variables: Variables<'_>) -> Value {
    match value {
        Value::String(text) => Value::String(filled_text(&text, variables)),
        Value::Array(items) => items
            .into_iter()
            .map(|item| filled(item, variables))
            .collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, item)| (name, filled(item, variables)))
            .collect(),
        other => other,
    }
}

fn filled_text(text: &str, variables: Variables<'_>) -> String {
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        made.push_str(before);
        let named = after.split_once('}').and_then(|(inside, behind)| {
            let bare = inside.strip_prefix("oc.").unwrap_or(inside);
            let name = bare.strip_prefix("env")?.strip_prefix([':', '.'])?;
            Some((variables(name)?, behind))
        });
        if let Some((value, behind)) = named {
            made.push_str(&value);
            rest = behind;
        } else {
            made.push_str("${");
            rest = after;
        }
    }
    made + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(name: &str) -> Option<String> {
        match name {
            "HOME" => Some("/home/me".to_owned()),
            "USER" => Some("me".to_owned()),
            _ => None,
        }
    }

    fn found(text: &str, id: &str) -> anyhow::Result<Option<Workspace>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.yaml");
        std::fs::write(&path, text).unwrap();
        find(&path, id, &variables)
    }

    const SETTINGS: &str = r"
server: {port: 12345, host: localhost}
carbon: {enabled: yes}
workspaces:
  - id: near
    path: ~/xp
    triggers: ['test-*']
  - 7
  - id: 12
    path: /numbered
  - id: lab
    path: /scratch/${env:USER}/${oc.env.USER}/${env.NOBODY}/${x
    max_retries: 5
    ssh:
      host: ${env.USER}@lab
      shell_init: module load x
      python: python3
      options: [-p, 2222, '-o', 'ProxyJump=gate', -A, 'Port=1']
      later_versions: {know: more}
  - id: wrong
    path: [a]
";

    #[test]
    fn a_workspace_is_found_among_what_else_there_is() {
        let near = found(SETTINGS, "near").unwrap().unwrap();
        assert_eq!((near.path.as_str(), near.ssh.is_none()), ("~/xp", true));
        let lab = found(SETTINGS, "lab").unwrap().unwrap();
        assert_eq!(lab.path, "/scratch/me/me/${env.NOBODY}/${x");
        let ssh = lab.ssh.unwrap();
        assert_eq!(ssh.host, "me@lab");
        let expected = ["-p 2222", "-o ProxyJump=gate", "-A", "Port=1"];
        assert_eq!(ssh.options, expected);
        assert_eq!(ssh.shell_init.as_deref(), Some("module load x"));
        assert_eq!(ssh.python.as_deref(), Some("python3"));
        assert_eq!(found(SETTINGS, "12").unwrap().unwrap().path, "/numbered");
    }

    #[test]
    fn what_is_not_there_is_none() {
        for text in ["", "# nothing\n\n", "server: {}\n", "workspaces: []\n"] {
            assert!(found(text, "lab").unwrap().is_none(), "{text:?}");
        }
        assert!(found(SETTINGS, "other").unwrap().is_none());
        let gone = find(Path::new("/nowhere/settings.yaml"), "lab", &variables);
        assert!(gone.unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for (text, id) in [
            ("workspaces: [", "lab"),
            ("- a", "lab"),
            (SETTINGS, "wrong"),
        ] {
            assert!(found(text, id).is_err(), "{text:?}");
        }
    }
}
