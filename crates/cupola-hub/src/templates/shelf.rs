//! All templates as they were at one moment.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use cupola_domain::template::{Source, Template};

use super::{
    Broken, Flaw, Replaced, builtin,
    folder::{self, Stamp},
};

/// Templates, what could not be read, and what was looked at to know it.
#[derive(Debug)]
pub(super) struct Shelf {
    /// By name.
    pub(super) templates: Vec<Arc<Template>>,
    pub(super) broken: Vec<Broken>,
    pub(super) replaced: Vec<Replaced>,
    manifests: Vec<Option<Vec<PathBuf>>>,
    stamps: Vec<Stamp>,
}

impl Shelf {
    /// The built-in templates and those found in `dirs`; a later one replaces an earlier one of the
    /// same name. One whose manifest became unreadable since `before` takes its name with it: what
    /// it replaced must not run in its place.
    pub(super) fn load(dirs: &[PathBuf], before: Option<&Shelf>) -> Self {
        let mut shelf = Self {
            templates: builtin::templates(),
            broken: Vec::new(),
            replaced: Vec::new(),
            manifests: Vec::new(),
            stamps: Vec::new(),
        };
        for dir in dirs {
            shelf.discover(dir, before);
        }
        let broken = &shelf.broken;
        let is_broken = |name: &str| broken.iter().any(|b| b.name.as_deref() == Some(name));
        shelf
            .templates
            .retain(|template| !is_broken(&template.name));
        shelf.templates.sort_by(|a, b| a.name.cmp(&b.name));
        shelf
    }

    /// Whether something on disk looks otherwise than when this was read.
    pub(super) fn is_outdated(&self, dirs: &[PathBuf]) -> bool {
        let found = dirs.iter().map(|dir| folder::manifests(dir).ok());
        !found.eq(self.manifests.iter().cloned()) || self.stamps.iter().any(Stamp::is_outdated)
    }

    /// Whether people see the same.
    pub(super) fn shows_same(&self, other: &Shelf) -> bool {
        self.templates == other.templates
            && self.broken == other.broken
            && self.replaced == other.replaced
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<Template>> {
        let found = self.templates.iter().find(|template| template.name == name);
        found.cloned()
    }

    /// The manifest of the template called `name` if it cannot be read.
    pub(super) fn find_broken(&self, name: &str) -> Option<&Broken> {
        let is_called = |broken: &&Broken| broken.name.as_deref() == Some(name);
        self.broken.iter().find(is_called)
    }

    fn discover(&mut self, dir: &Path, before: Option<&Shelf>) {
        let manifests = match folder::manifests(dir) {
            Ok(manifests) => manifests,
            Err(error) => {
                self.manifests.push(None);
                let reason = format!("cannot be read: {error}");
                return self.broken.push(Broken {
                    path: dir.to_owned(),
                    name: None,
                    flaws: vec![Flaw { line: None, reason }],
                });
            }
        };
        for path in &manifests {
            match folder::read(path, &mut self.stamps) {
                Ok(template) => self.put(template, path),
                Err(refused) => {
                    let known = || before.and_then(|before| before.name_of(path));
                    self.broken.push(Broken {
                        path: path.clone(),
                        name: refused.name.or_else(known),
                        flaws: refused.flaws,
                    });
                }
            }
        }
        self.manifests.push(Some(manifests));
    }

    fn put(&mut self, template: Template, path: &Path) {
        let same = |known: &Arc<Template>| known.name == template.name;
        if let Some(at) = self.templates.iter().position(same) {
            let earlier = self.templates.remove(at);
            self.replaced.push(Replaced {
                name: template.name.clone(),
                source: earlier.source.clone(),
                by: path.to_owned(),
            });
        }
        self.templates.push(Arc::new(template));
    }

    /// What the template of this manifest was called, whether it could be read or not.
    fn name_of(&self, manifest: &Path) -> Option<String> {
        let folder = manifest.parent()?;
        let is_here = |template: &&Arc<Template>| matches!(&template.source, Source::Folder(path) if path == folder);
        let read = self.templates.iter().find(is_here).map(|t| t.name.clone());
        read.or_else(|| {
            let broken = self.broken.iter().find(|broken| broken.path == manifest);
            broken.and_then(|broken| broken.name.clone())
        })
    }
}
