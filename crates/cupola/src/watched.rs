//! The workspaces that pages show: what they go by, and how each is opened.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use cupola_monitor::{
    remote::{Options, Remote},
    ssh::{Route, Ssh},
};
use cupola_web::workspaces::{Opener, Workspace, Workspaces};
use cupola_workspace::{
    Here, Watching,
    source::{Source, SourceError},
};

use crate::{
    commands::far::{CONNECT_LIMIT, cache},
    config::services::Programs,
    services,
    world::wall_clock,
};

/// Longer names are cut.
const NAME_CHARS_MAX: usize = 40;

/// An answer from another machine may take so long.
const CALL_LIMIT: Duration = Duration::from_mins(1);

/// How much is kept of files that were fetched.
const CACHE_BYTES_MAX: u64 = 2 << 30;

/// Where a workspace is.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A folder of this machine.
    Folder(PathBuf),
    /// One of another machine.
    Far(Route),
}

/// One that the configuration names.
pub(crate) struct Named {
    pub id: String,
    pub place: Place,
    /// With what its services are started.
    pub programs: Programs,
}

/// Those that the configuration names, then those of the command line that are none of these.
pub(crate) fn workspaces(named: Vec<Named>, folders: Vec<PathBuf>) -> anyhow::Result<Workspaces> {
    let mut taken: BTreeSet<String> = named.iter().map(|named| named.id.clone()).collect();
    let mut all = named;
    for folder in folders {
        if all.iter().any(|known| known.place.is(&folder)) {
            continue;
        }
        let id = free_name(&name_of(&folder), &taken);
        taken.insert(id.clone());
        all.push(Named {
            id,
            place: Place::Folder(std::path::absolute(folder)?),
            programs: Programs::default(),
        });
    }
    let all = all.into_iter().map(workspace);
    Ok(Workspaces::new(all.collect()))
}

impl Place {
    /// Whether it is this folder, however that is written.
    fn is(&self, folder: &Path) -> bool {
        let Self::Folder(known) = self else {
            return false;
        };
        known == folder
            || matches!((known.canonicalize(), folder.canonicalize()), (Ok(a), Ok(b)) if a == b)
    }
}

/// One alone that is open already, by what people call it.
pub(crate) fn only(source: Arc<dyn Source>, name: Option<String>) -> Workspaces {
    let place = source.place();
    let name = name.filter(|name| !name.is_empty() && is_name(name));
    let id = name.unwrap_or_else(|| name_of(Path::new(&place.title)));
    let open: Opener = Box::new(move || Ok(Arc::clone(&source)));
    Workspaces::new(vec![Workspace::new(id, place.title, place.is_remote, open)])
}

/// Whether a workspace may go by it: what stands in addresses as it is.
pub(crate) fn is_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_way = name.chars().all(|c| c == '.');
    !is_way && name.len() <= NAME_CHARS_MAX && name.chars().all(is_letter)
}

/// What a folder is called, as a workspace may be.
fn name_of(folder: &Path) -> String {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let is_letter = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let letters = name.chars().map(|c| if is_letter(c) { c } else { '-' });
    let name: String = letters.take(NAME_CHARS_MAX - 4).collect();
    if is_name(&name) {
        name
    } else {
        "workspace".to_owned()
    }
}

fn free_name(name: &str, taken: &BTreeSet<String>) -> String {
    let mut more = (2..).map(|number| format!("{name}-{number}"));
    let first = std::iter::once(name.to_owned());
    let mut all = first.chain(&mut more);
    let free = all.find(|name| !taken.contains(name));
    free.expect("numbers do not end")
}

fn workspace(named: Named) -> Workspace {
    let Named {
        id,
        place,
        programs,
    } = named;
    match place {
        Place::Folder(folder) => {
            let title = folder.display().to_string();
            let open = move || open_folder(&folder, programs.clone());
            Workspace::new(id, title, false, Box::new(open))
        }
        Place::Far(route) => {
            let title = route.shown();
            let open = move || beside(open_far(&route)?, programs.clone(), None);
            Workspace::new(id, title, true, Box::new(open))
        }
    }
}

fn open_folder(folder: &Path, programs: Programs) -> Result<Arc<dyn Source>, SourceError> {
    let here = Here::new(Arc::new(wall_clock));
    let opened = cupola_workspace::open(folder, here, Watching::Auto)?;
    let folder = folder.canonicalize();
    let folder = folder.map_err(|error| SourceError::Away(error.to_string()))?;
    beside(opened, programs, Some(folder))
}

fn beside(
    place: Arc<dyn Source>,
    programs: Programs,
    workdir: Option<PathBuf>,
) -> Result<Arc<dyn Source>, SourceError> {
    services::beside(place, programs, workdir)
        .map_err(|error| SourceError::Refused(format!("{error:#}")))
}

fn open_far(route: &Route) -> Result<Arc<dyn Source>, SourceError> {
    let refused = |error: anyhow::Error| SourceError::Refused(format!("{error:#}"));
    let shown = route.shown();
    let options = Options {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        clock: Box::new(wall_clock),
        said: Box::new(move |line| tracing::info!(workspace = shown, "{line}")),
        connect_limit: CONNECT_LIMIT,
        call_limit: CALL_LIMIT,
    };
    let cache = cache().map_err(refused)?;
    let ssh = Ssh::new(route.clone(), &cache, CACHE_BYTES_MAX)
        .map_err(|error| SourceError::Refused(error.to_string()))?;
    Ok(Arc::new(Remote::connect(Box::new(ssh), options)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_addresses_as_they_are() {
        let check = |folder: &str, expected: &str| {
            let name = name_of(Path::new(folder));
            assert_eq!(name, expected);
            assert!(is_name(&name));
        };
        check("/scratch/me/xp", "xp");
        check("/scratch/me/my runs/", "my-runs");
        check("/scratch/экс", "---");
        check("/", "workspace");
    }

    #[test]
    fn nobody_has_the_name_of_another() {
        let folders = ["/a/xp", "/b/xp", "/c/xp"].map(PathBuf::from);
        let named = vec![Named {
            id: "xp-2".to_owned(),
            place: Place::Folder("/d".into()),
            programs: Programs::default(),
        }];
        let all = workspaces(named, folders.into()).unwrap();
        let ids: Vec<_> = all.iter().map(|each| each.id.as_str()).collect();
        assert_eq!(ids, ["xp-2", "xp", "xp-3", "xp-4"]);
    }

    #[test]
    fn a_folder_that_has_a_name_is_shown_by_it() {
        let folder = tempfile::tempdir().unwrap();
        let named = vec![Named {
            id: "lab".to_owned(),
            place: Place::Folder(folder.path().to_owned()),
            programs: Programs::default(),
        }];
        let again = folder.path().join(".");
        let all = workspaces(named, vec![again, "/nowhere".into(), "/nowhere".into()]).unwrap();
        let ids: Vec<_> = all.iter().map(|each| each.id.as_str()).collect();
        assert_eq!(ids, ["lab", "nowhere"]);
    }
}
