//! The templates that briefs and experiments run: built in, and found in configured folders.

mod builtin;
mod document;
mod folder;
mod manifest;
mod shelf;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use cupola_domain::{
    event::Event,
    field::FieldError,
    template::{CodeFile, Source, Template, feed_code_hash},
    text::{excerpt, hex},
};
use cupola_search::space::Space;
use cupola_store::{code, events, experiments};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::{Hub, HubError};
use shelf::Shelf;

/// What a brief runs unless it says otherwise.
pub const DEFAULT_TEMPLATE: &str = "char-lm";

/// A template's files together may not be larger: they travel to every worker.
const CODE_BYTES_MAX: u64 = 64 << 20;

/// All templates that this hub knows. Whoever asks sees them as they were at one moment.
#[derive(Debug)]
pub(crate) struct Library {
    dirs: Vec<PathBuf>,
    shelf: Mutex<Arc<Shelf>>,
    /// Held while the folders are read, so that an earlier reading never replaces a later one.
    reading: Mutex<()>,
}

/// A manifest, or a folder for templates, that could not be read. It is shown, its template is not
/// offered, and it stops nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The manifest, or the folder.
    pub path: PathBuf,
    /// What the template is or was called, as far as known.
    pub name: Option<String>,
    /// Everything that is wrong.
    pub flaws: Vec<Flaw>,
}

/// One thing that is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Where, counted from 1, if it has a place.
    pub line: Option<u32>,
    /// What, with the remedy.
    pub reason: String,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

/// A template that is not offered because a later one has the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// The name of both.
    pub name: String,
    /// Where the one that is not offered is.
    pub source: Source,
    /// The manifest of the one that is.
    pub by: PathBuf,
}

/// A template and how much it is used.
#[derive(Debug, Clone)]
pub struct TemplateRow {
    /// The template.
    pub template: Arc<Template>,
    /// How many experiments and families are of it.
    pub experiments: u64,
}

/// The templates as they are now, what is wrong, and where they were looked for.
#[derive(Debug, Clone)]
pub struct TemplateList {
    /// By name.
    pub rows: Vec<TemplateRow>,
    /// What could not be read.
    pub broken: Vec<Broken>,
    /// What a later one replaced.
    pub replaced: Vec<Replaced>,
    /// The configured folders.
    pub dirs: Vec<PathBuf>,
}

/// Code as it was kept when something was made to run it.
#[derive(Debug, Clone)]
pub struct KeptCode {
    /// What it is known by.
    pub hash: String,
    /// The template it came from.
    pub template: String,
    /// One argument an item, with placeholders.
    pub command: Vec<String>,
    /// By path.
    pub files: Vec<CodeFile>,
}

impl Library {
    pub(crate) fn load(dirs: &[PathBuf]) -> Self {
        let loaded = Shelf::load(dirs, None);
        log_broken(&loaded, None);
        Self {
            dirs: dirs.to_vec(),
            shelf: Mutex::new(Arc::new(loaded)),
            reading: Mutex::new(()),
        }
    }

    /// Reads the folders again; says whether people see something else now.
    fn reload(&self) -> bool {
        let _reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.shelf();
        let loaded = Shelf::load(&self.dirs, Some(&before));
        let has_changed = !loaded.shows_same(&before);
        log_broken(&loaded, Some(&before));
        *self.shelf.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
        has_changed
    }

    pub(crate) fn is_outdated(&self) -> bool {
        self.shelf().is_outdated(&self.dirs)
    }

    /// The template, or which ones there are.
    pub(crate) fn require(&self, name: &str) -> Result<Arc<Template>, FieldError> {
        let loaded = self.shelf();
        let refused = || {
            let name = excerpt(name);
            if let Some(broken) = loaded.find_broken(&name) {
                return unreadable(&name, broken);
            }
            let names = loaded.templates.iter().map(|t| format!("`{}`", t.name));
            let names = names.collect::<Vec<_>>().join(", ");
            format!("`{name}` is not a template; choose one of {names}")
        };
        let found = loaded.find(name);
        found.ok_or_else(|| FieldError::new("template", refused()))
    }

    fn shelf(&self) -> Arc<Shelf> {
        let loaded = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&loaded)
    }
}

impl Hub {
    /// All templates, by name.
    pub fn list_templates(&self) -> Vec<Arc<Template>> {
        self.templates.shelf().templates.clone()
    }

    /// All templates with what is wrong with others.
    pub fn template_list(&self) -> Result<TemplateList, HubError> {
        let counts = self.read(|tx| Ok(experiments::count_by_template(tx)?))?;
        let loaded = self.templates.shelf();
        let row = |template: &Arc<Template>| TemplateRow {
            experiments: counts.get(&template.name).copied().unwrap_or(0),
            template: Arc::clone(template),
        };
        Ok(TemplateList {
            rows: loaded.templates.iter().map(row).collect(),
            broken: loaded.broken.clone(),
            replaced: loaded.replaced.clone(),
            dirs: self.templates.dirs.clone(),
        })
    }

    /// A template and how much it is used.
    pub fn template_row(&self, name: &str) -> Result<TemplateRow, HubError> {
        let template = self.find_template(name)?;
        let counts = self.read(|tx| Ok(experiments::count_by_template(tx)?))?;
        let experiments = counts.get(name).copied().unwrap_or(0);
        Ok(TemplateRow {
            template,
            experiments,
        })
    }

    /// The template called so. One whose manifest cannot be read is there, but cannot be used.
    pub fn find_template(&self, name: &str) -> Result<Arc<Template>, HubError> {
        let loaded = self.templates.shelf();
        loaded
            .find(name)
            .ok_or_else(|| match loaded.find_broken(name) {
                None => HubError::not_found("template", name),
                Some(broken) => HubError::Conflict(unreadable(name, broken)),
            })
    }

    /// What is wrong with a configuration of a template, or the configuration with its defaults.
    pub fn check_config(
        &self,
        template: &str,
        config: &Map<String, Value>,
    ) -> Result<Map<String, Value>, HubError> {
        let template = self.find_template(template)?;
        template.schema.complete(config).map_err(HubError::Invalid)
    }

    /// Reads the templates' folders again; says whether there is anything new. What is pending keeps
    /// the code that it was made with.
    pub fn rescan_templates(&self) -> Result<bool, HubError> {
        if !self.templates.reload() {
            return Ok(false);
        }
        self.write(|tx| {
            events::record(tx, Event::TemplatesChanged);
            Ok(true)
        })
    }

    /// The code that a task or a run was made with, or that of a template as it is now.
    pub fn find_code(&self, hash: &str) -> Result<KeptCode, HubError> {
        let templates = self.list_templates();
        if let Some(template) = templates.iter().find(|t| t.code_hash == hash) {
            return Ok(KeptCode {
                hash: hash.to_owned(),
                template: template.name.clone(),
                command: template.command.clone(),
                files: template.files.clone(),
            });
        }
        if !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(HubError::not_found("code", hash));
        }
        let hash = hash.to_owned();
        self.read(move |tx| {
            let found = code::find(tx, &hash)?;
            let (kept, files) = found.ok_or_else(|| HubError::not_found("code", &hash))?;
            Ok(KeptCode {
                hash,
                template: kept.template,
                command: kept.command,
                files,
            })
        })
    }
}

/// The templates in a folder, or in the folders in it, without a hub: each with what is wrong.
pub fn check_folder(dir: &Path) -> std::io::Result<Vec<Result<Template, Broken>>> {
    let manifests = folder::manifests(dir)?;
    let check = |path: PathBuf| {
        folder::read(&path, &mut Vec::new()).map_err(|refused| Broken {
            path,
            name: refused.name,
            flaws: refused.flaws,
        })
    };
    Ok(manifests.into_iter().map(check).collect())
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

/// The hash over a command and its files: which code a run used.
pub fn code_hash(command: &[String], files: &[CodeFile]) -> String {
    let mut hash = Sha256::new();
    feed_code_hash(command, files, |bytes| hash.update(bytes));
    hex(&hash.finalize())
}

fn unreadable(name: &str, broken: &Broken) -> String {
    let path = broken.path.display();
    format!("`{name}` has a manifest that cannot be read; mend {path}")
}

/// Says once what could not be read.
fn log_broken(shelf: &Shelf, before: Option<&Shelf>) {
    for broken in &shelf.broken {
        if before.is_none_or(|before| !before.broken.contains(broken)) {
            let flaws: Vec<_> = broken.flaws.iter().map(ToString::to_string).collect();
            let reason = flaws.join("; ");
            tracing::warn!(path = %broken.path.display(), reason, "template left out");
        }
    }
}

#[cfg(test)]
mod tests;
