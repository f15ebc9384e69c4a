//! The file on disk: its text, what it stands for, and the files that it names.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use cupola_protocol::{files::NewFile, work::BundleFile};
use cupola_search::file::{self, ExperimentFile, Program};
use cupola_workspace::services::Command;

use crate::{config::services::Programs, exit::WrongFile};

/// The files that travel with a command together may not be larger.
const FILES_BYTES_MAX: u64 = 64 << 20;

/// An experiment file that can be run.
pub(super) struct Source {
    /// As the command line has it.
    pub path: PathBuf,
    pub file: ExperimentFile,
    text: String,
    /// Where it lies; absolute.
    pub folder: PathBuf,
}

impl Source {
    /// Reads and checks the file.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let wrong = |message: String| WrongFile(vec![message]);
        let bytes = fs::read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => wrong(format!(
                "there is no file `{shown}`, and no command of that name: `cupola run --help` lists them"
            )),
            _ => wrong(format!("failed to read `{shown}`: {error}")),
        })?;
        let text = String::from_utf8(bytes)
            .map_err(|error| wrong(format!("{shown}: is no text: {}", error.utf8_error())))?;
        let file = file::parse(&text).map_err(|errors| {
            WrongFile(
                errors
                    .iter()
                    .map(|error| format!("{shown}:{error}"))
                    .collect(),
            )
        })?;
        let folder = fs::canonicalize(path).context("the file is gone")?;
        Ok(Self {
            path: path.to_owned(),
            file,
            text,
            folder: folder.parent().unwrap_or(Path::new("/")).to_owned(),
        })
    }

    /// With what its services are started.
    pub(super) fn programs(&self) -> Programs {
        let services = self.file.services.iter();
        let commands = services.map(|service| Command {
            name: service.name.clone(),
            description: service.description.clone(),
            words: service.command.clone(),
            port: service.port,
        });
        Programs {
            commands: commands.collect(),
            ..Programs::default()
        }
    }

    /// The file with all that it names, ready to be sent.
    pub(super) fn submission(&self) -> anyhow::Result<NewFile> {
        let mut names = BTreeSet::new();
        for (at, step) in self.file.steps.iter().enumerate() {
            if let Program::Command { files, .. } = &step.program {
                names.extend(files.iter().map(|name| (name, at)));
            }
        }
        let (mut files, mut bytes): (Vec<BundleFile>, u64) = (Vec::new(), 0);
        for (name, step) in names {
            if files.last().is_some_and(|last| last.path == *name) {
                continue;
            }
            let refuse = |reason: String| {
                let error = self
                    .file
                    .locate(step, "files", &format!("`{name}` {reason}"));
                WrongFile(vec![format!("{}:{error}", self.path.display())])
            };
            let content = self.content_of(name).map_err(refuse)?;
            bytes += content.len() as u64;
            if bytes > FILES_BYTES_MAX {
                let reason = format!("is too much: at most {FILES_BYTES_MAX} bytes travel");
                return Err(refuse(reason).into());
            }
            files.push(BundleFile::new(name, &content));
        }
        Ok(NewFile {
            text: self.text.clone(),
            folder: self.folder.to_string_lossy().into_owned(),
            files,
        })
    }

    fn content_of(&self, name: &str) -> Result<Vec<u8>, String> {
        let path = self.folder.join(name);
        let about = fs::metadata(&path).map_err(|error| format!("cannot be read: {error}"))?;
        if !about.is_file() {
            return Err("is not a file".to_owned());
        }
        if about.len() > FILES_BYTES_MAX {
            return Err(format!(
                "has {} bytes; at most {FILES_BYTES_MAX} travel",
                about.len()
            ));
        }
        fs::read(&path).map_err(|error| format!("cannot be read: {error}"))
    }

    /// What somebody else says of a place in the file, with its line.
    pub(super) fn complaint(&self, field: &str, message: &str) -> String {
        let line = self.file.line(field);
        format!(
            "{}:{}",
            self.path.display(),
            file::FileError::new(line, field, message)
        )
    }
}
