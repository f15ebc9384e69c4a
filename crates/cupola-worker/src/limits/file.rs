//! What an owner wrote, in files of the worker's folder: `settings.toml`, which people may edit, and
//! `pause.json`, which remembers a pause over a restart.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use cupola_domain::field::FieldError;
use cupola_protocol::desk::{LimitsBody, PauseBody};

use super::{Limits, Pause};
use crate::private::replace;

/// The head of a file that was written here.
const HEAD: &str = "# What this machine's owner lets its worker have. Zero is as much as there is.\n\
                    # Changed while the worker runs; see docs/worker-desk.md.\n";

/// `settings.toml`: what it said when it was last read, and since when.
#[derive(Debug)]
pub(crate) struct SettingsFile {
    path: PathBuf,
    read_of: Option<SystemTime>,
}

/// What an owner's settings are.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Kept {
    /// As they were written.
    pub(crate) body: LimitsBody,
    /// As they hold.
    pub(crate) limits: Limits,
}

impl SettingsFile {
    /// The file of the worker whose folder this is. Nothing is read yet.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            path: folder.join("settings.toml"),
            read_of: None,
        }
    }

    /// What it says, if that is new; an error says in words what is wrong with it.
    pub(crate) fn news(&mut self) -> Option<Result<Kept, String>> {
        let changed_at = fs::metadata(&self.path).and_then(|about| about.modified());
        let changed_at = changed_at.ok();
        if changed_at == self.read_of {
            return None;
        }
        self.read_of = changed_at;
        if changed_at.is_none() {
            return Some(Ok(Kept::default()));
        }
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) => return Some(Err(format!("cannot be read: {error}"))),
        };
        let body = toml::from_str::<LimitsBody>(&text).map_err(|error| error.to_string());
        Some(body.and_then(|body| kept(body).map_err(|errors| words(&errors))))
    }

    /// Writes new settings in place of those that are there, whatever their owner's remarks.
    pub(crate) fn write(&mut self, body: LimitsBody) -> Result<Kept, WriteError> {
        let kept = kept(body).map_err(WriteError::Refused)?;
        let text = toml::to_string(&kept.body).map_err(io::Error::other)?;
        replace(&self.path, &format!("{HEAD}{text}"))?;
        self.read_of = fs::metadata(&self.path)
            .and_then(|about| about.modified())
            .ok();
        Ok(kept)
    }
}

/// Why settings were not written.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// They cannot be meant.
    Refused(Vec<FieldError>),
    /// There is no place for them.
    File(io::Error),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        WriteError::File(error)
    }
}

fn kept(body: LimitsBody) -> Result<Kept, Vec<FieldError>> {
    let limits = Limits::read(&body)?;
    Ok(Kept { body, limits })
}

fn words(errors: &[FieldError]) -> String {
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    errors.join("; ")
}

/// `pause.json`: there as long as a pause is.
#[derive(Debug)]
pub(crate) struct PauseFile(PathBuf);

impl PauseFile {
    /// The file of the worker whose folder this is.
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.join("pause.json"))
    }

    /// The pause that is remembered. A file that says nothing sensible is one until told otherwise: an
    /// owner who wanted rest is not disturbed because of a broken file.
    pub(crate) fn read(&self) -> Option<Pause> {
        let text = fs::read_to_string(&self.0).ok()?;
        let body: PauseBody = serde_json::from_str(&text).unwrap_or_default();
        Some(Pause::from(&body))
    }

    /// Remembers a pause, or that there is none.
    pub(crate) fn write(&self, pause: Option<&PauseBody>) -> io::Result<()> {
        let Some(pause) = pause else {
            return match fs::remove_file(&self.0) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        };
        replace(&self.0, &serde_json::to_string(pause)?)
    }
}

impl From<&PauseBody> for Pause {
    fn from(body: &PauseBody) -> Self {
        Self {
            until: body.until.map(|until| until.0),
            stops_running: body.stops_running,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_once_for_each_change() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = SettingsFile::new(folder.path());
        assert!(file.news().is_none(), "no file says nothing new");
        let body = LimitsBody {
            cores: 2,
            hours: vec!["sat".to_owned()],
            ..LimitsBody::default()
        };
        let kept = file.write(body.clone()).unwrap();
        assert_eq!(kept.limits.cores, Some(2));
        assert!(file.news().is_none(), "what was written here is known");
        let mut again = SettingsFile::new(folder.path());
        assert_eq!(again.news().unwrap().unwrap().body, body);
        assert!(again.news().is_none());
        fs::remove_file(folder.path().join("settings.toml")).unwrap();
        assert_eq!(again.news(), Some(Ok(Kept::default())));
    }

    #[test]
    fn what_is_wrong_with_settings_is_said() {
        let check = |text: &str, said: &str| {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("settings.toml"), text).unwrap();
            let found = SettingsFile::new(folder.path()).news().unwrap();
            let error = found.expect_err(text);
            assert!(error.contains(said), "{error}");
        };
        check("cores = 'two'", "invalid type");
        check("core = 2", "unknown field");
        check("hours = ['noon']", "`hours`: `noon` is not understood");
    }

    #[test]
    fn settings_that_cannot_be_meant_are_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let body = LimitsBody {
            memory_gib: -1.0,
            ..LimitsBody::default()
        };
        let refused = SettingsFile::new(folder.path()).write(body);
        assert!(
            matches!(refused, Err(WriteError::Refused(_))),
            "{refused:?}"
        );
        assert!(!folder.path().join("settings.toml").exists());
    }

    #[test]
    fn a_pause_is_remembered_until_it_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = PauseFile::new(folder.path());
        assert_eq!(file.read(), None);
        let body = PauseBody {
            until: Some(cupola_domain::time::Timestamp::from_millis(5000).into()),
            stops_running: true,
        };
        file.write(Some(&body)).unwrap();
        assert_eq!(file.read(), Some(Pause::from(&body)));
        fs::write(folder.path().join("pause.json"), "{").unwrap();
        let endless = Pause::from(&PauseBody::default());
        assert_eq!(file.read(), Some(endless));
        file.write(None).unwrap();
        file.write(None).unwrap();
        assert_eq!(file.read(), None);
    }
}
