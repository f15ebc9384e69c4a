//! What a program may have beyond its own folder, and what a worker lets its programs have.

/// What a program may have beyond its own folder, when it asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Access {
    /// Whether it speaks to other machines.
    pub network: bool,
    /// Whether it uses a graphics processor where there is one.
    pub gpu: bool,
    /// Files and folders of the worker that it reads: absolute, or below `~`. Sorted, each once.
    pub reads: Vec<String>,
}

/// What a worker keeps its programs to, and what its owner lets them have all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confinement {
    /// In a word or two: `strict`, `partly strict`, `relaxed`, `partly relaxed` or `none`.
    pub level: String,
    /// Whether a program that asks for the network gets it.
    pub network: bool,
    /// The folders that a program which asks for them, or for something in them, may read.
    pub reads: Vec<String>,
    /// How much memory its owner lets a program take, where that is less than the machine has.
    pub memory_bytes: Option<u64>,
}

impl Access {
    /// Both at once.
    #[must_use]
    pub fn and(&self, other: &Access) -> Access {
        let mut reads = [self.reads.as_slice(), &other.reads].concat();
        reads.sort();
        reads.dedup();
        Access {
            network: self.network || other.network,
            gpu: self.gpu || other.gpu,
            reads,
        }
    }

    /// The same for a program that starts in `folder`, which it reads then.
    #[must_use]
    pub fn starting_in(&self, folder: Option<&str>) -> Access {
        self.and(&Access {
            reads: folder.map(str::to_owned).into_iter().collect(),
            ..Access::default()
        })
    }

    /// What `offer` refuses of it, in words.
    pub fn refused_by(&self, offer: &Confinement) -> Vec<String> {
        let network =
            (self.network && !offer.network).then(|| "leave to use the network".to_owned());
        let is_refused = |path: &&String| !offer.reads.iter().any(|folder| is_below(path, folder));
        let reads = self.reads.iter().filter(is_refused);
        let reads = reads.map(|path| format!("leave to read `{path}`"));
        network.into_iter().chain(reads).collect()
    }
}

/// Whether `path` may stand in [`Access::reads`].
pub fn is_readable_path(path: &str) -> bool {
    let is_rooted = path.starts_with('/') || path == "~" || path.starts_with("~/");
    is_rooted && !path.contains('\0') && path.split('/').all(|part| part != "..")
}

/// Whether `path` is `folder` or something in it.
fn is_below(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    let rest = path.strip_prefix(folder);
    folder.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(network: bool, reads: &[&str], refused: &[&str]) {
        let asked = Access {
            network,
            reads: reads.iter().map(|path| (*path).to_owned()).collect(),
            ..Access::default()
        };
        let offer = Confinement {
            level: "strict".to_owned(),
            network: false,
            reads: vec!["/data".to_owned(), "~/sets/".to_owned()],
            memory_bytes: None,
        };
        assert_eq!(asked.refused_by(&offer), refused);
    }

    #[test]
    fn what_an_owner_allows_is_not_refused() {
        check(false, &[], &[]);
        check(false, &["/data", "/data/a", "~/sets/b"], &[]);
    }

    #[test]
    fn what_an_owner_does_not_allow_is_named() {
        check(true, &[], &["leave to use the network"]);
        check(false, &["/database"], &["leave to read `/database`"]);
        check(false, &["/"], &["leave to read `/`"]);
        check(false, &["~"], &["leave to read `~`"]);
    }

    #[test]
    fn who_starts_in_a_folder_reads_it() {
        let asked = Access {
            reads: vec!["/x".to_owned()],
            ..Access::default()
        };
        assert_eq!(asked.starting_in(None), asked);
        assert_eq!(asked.starting_in(Some("/x")), asked);
        assert_eq!(asked.starting_in(Some("/a")).reads, ["/a", "/x"]);
    }

    #[test]
    fn who_allows_everything_refuses_nothing() {
        let asked = Access {
            network: true,
            gpu: true,
            reads: vec!["/x".to_owned(), "~/y".to_owned()],
        };
        let offer = Confinement {
            level: "none".to_owned(),
            network: true,
            reads: vec!["/".to_owned()],
            memory_bytes: None,
        };
        assert_eq!(asked.refused_by(&offer), Vec::<String>::new());
    }

    #[test]
    fn only_paths_with_a_beginning_are_readable() {
        for (path, expected) in [
            ("/data", true),
            ("~", true),
            ("~/x", true),
            ("data", false),
            ("~other/x", false),
            ("/data/../etc", false),
            ("", false),
            ("/a\0", false),
        ] {
            assert_eq!(is_readable_path(path), expected, "{path:?}");
        }
    }
}
