//! The templates that briefs and experiments run: built in, and found in configured folders.

mod builtin;
mod manifest;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use cupola_domain::{
    field::FieldError,
    template::{CodeFile, Template, feed_code_hash},
};
use cupola_search::space::Space;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::{Hub, HubError, secret};

pub use manifest::ManifestError;

/// What a brief runs unless it says otherwise.
pub const DEFAULT_TEMPLATE: &str = "char-lm";

/// A template's files together may not be larger: they travel to every worker.
const CODE_BYTES_MAX: u64 = 64 << 20;

/// All templates that this hub knows.
#[derive(Debug)]
pub(crate) struct Library {
    templates: Vec<Arc<Template>>,
    broken: Vec<Broken>,
}

/// A template that could not be read. It is shown, and stops nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its manifest.
    pub path: PathBuf,
    /// What is wrong, with the line where there is one.
    pub reason: String,
}

impl Library {
    /// The built-in templates and those found in `dirs`; a found one replaces a built-in one of
    /// the same name.
    pub(crate) fn load(dirs: &[PathBuf]) -> Self {
        let mut library = Self {
            templates: builtin::templates(),
            broken: Vec::new(),
        };
        for dir in dirs {
            library.discover(dir);
        }
        library.templates.sort_by(|a, b| a.name.cmp(&b.name));
        library
    }

    fn discover(&mut self, dir: &Path) {
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) => {
                return self.broken.push(Broken {
                    path: dir.into(),
                    reason: error.to_string(),
                });
            }
        };
        let folders = entries.filter_map(Result::ok).map(|entry| entry.path());
        for path in folders
            .map(|folder| folder.join("template.toml"))
            .filter(|path| path.is_file())
        {
            match read(&path) {
                Ok(template) => {
                    self.templates.retain(|known| known.name != template.name);
                    self.templates.push(Arc::new(template));
                }
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "template left out");
                    self.broken.push(Broken {
                        path,
                        reason: error.to_string(),
                    });
                }
            }
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<Arc<Template>> {
        self.templates
            .iter()
            .find(|template| template.name == name)
            .cloned()
    }

    /// The template, or which ones there are.
    pub(crate) fn require(&self, name: &str) -> Result<Arc<Template>, FieldError> {
        self.find(name).ok_or_else(|| {
            let names: Vec<_> = self
                .templates
                .iter()
                .map(|t| format!("`{}`", t.name))
                .collect();
            let message = format!(
                "`{name}` is not a template; choose one of {}",
                names.join(", ")
            );
            FieldError::new("template", message)
        })
    }
}

impl Hub {
    /// All templates, by name.
    pub fn list_templates(&self) -> Vec<Arc<Template>> {
        self.templates.templates.clone()
    }

    /// The template called so.
    pub fn find_template(&self, name: &str) -> Result<Arc<Template>, HubError> {
        self.templates
            .find(name)
            .ok_or_else(|| HubError::not_found("template", name))
    }

    /// The manifests that could not be read.
    pub fn list_broken_templates(&self) -> Vec<Broken> {
        self.templates.broken.clone()
    }
}

/// The parameters of a stored space as people write them: name, expression.
pub fn expressions(space: &Map<String, Value>) -> Vec<(String, String)> {
    match Space::parse_json(&Value::Object(space.clone())) {
        Ok(space) => space
            .parameters()
            .iter()
            .map(|parameter| (parameter.name.clone(), parameter.expression()))
            .collect(),
        // What a template or a brief keeps was read before; better its JSON than nothing.
        Err(_) => space
            .iter()
            .map(|(name, value)| (name.clone(), value.to_string()))
            .collect(),
    }
}

fn read(path: &Path) -> Result<Template, ManifestError> {
    let text = fs::read_to_string(path).map_err(|error| ManifestError(error.to_string()))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    manifest::parse(&text, |name| {
        let file = folder.join(name);
        let about = fs::symlink_metadata(&file).map_err(|error| error.to_string())?;
        if !about.is_file() {
            return Err("is not a regular file".to_owned());
        }
        if about.len() > CODE_BYTES_MAX {
            return Err(format!(
                "has {} bytes; at most {CODE_BYTES_MAX} travel",
                about.len()
            ));
        }
        fs::read(&file).map_err(|error| error.to_string())
    })
}

/// The hash over a command and its files: which code a run used.
pub fn code_hash(command: &[String], files: &[CodeFile]) -> String {
    let mut hash = Sha256::new();
    feed_code_hash(command, files, |bytes| hash.update(bytes));
    secret::hex(&hash.finalize())
}
