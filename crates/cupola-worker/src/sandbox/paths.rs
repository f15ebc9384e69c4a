//! What a program must read to run at all: worked out from its command and its owner's variables.
//!
//! Only the owner's own words count. A command that names a program by its path, or a variable that a
//! task brings along, opens nothing: both come from the hub.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
};

/// The system's programs and libraries, and what they look at.
const SYSTEM: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    "/nix/store",
    "/gnu/store",
    "/run/opengl-driver",
    "/proc",
    "/sys",
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/etc/OpenCL",
    "/etc/R",
    "/etc/alternatives",
    "/etc/bash.bashrc",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/fonts",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/java",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld.so.preload",
    "/etc/locale.alias",
    "/etc/localtime",
    "/etc/magic",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/openmpi",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
    "/etc/profile",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
    "/etc/vulkan",
];

/// Folders of programs, beside which their libraries lie.
const PROGRAMS: [&str; 4] = ["bin", "sbin", "shims", "Scripts"];

/// What lies beside them and belongs to them.
const LIBRARIES: [&str; 4] = ["lib", "lib64", "libexec", "share"];

/// Variables that name one folder or file which programs of their owner read.
const PLACES: [&str; 8] = [
    "CONDA_PREFIX",
    "CUDA_HOME",
    "CUDA_PATH",
    "PYENV_ROOT",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TORCH_HOME",
    "VIRTUAL_ENV",
];

/// Variables that name several.
const LISTS: [&str; 2] = ["LD_LIBRARY_PATH", "PYTHONPATH"];

/// Downloaded models and packages of the user's own, below the home.
const OF_HOME: [&str; 4] = [
    ".cache/huggingface/datasets",
    ".cache/huggingface/hub",
    ".cache/torch",
    ".local/lib",
];

/// Below `HF_HOME`, beside which a token lies.
const OF_HF_HOME: [&str; 2] = ["datasets", "hub"];

/// Folders of a home that hold more than programs.
const PRIVATE: [&str; 4] = [".ssh", ".gnupg", ".config", ".local/share"];

/// How many links lead from a name to a program at most.
const LINKS_MAX: usize = 16;

/// Whose programs they are, as far as it matters to what they read.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) home: Option<PathBuf>,
    variables: HashMap<OsString, OsString>,
    /// Programs that commands name by placeholders.
    known: Vec<PathBuf>,
    /// What no guess may open, nor anything that holds it.
    private: Vec<PathBuf>,
}

impl Owner {
    /// Of the variables of the worker, the programs that it puts in the place of placeholders, and the
    /// folders that no program is to see.
    pub(super) fn new(
        variables: &[(OsString, OsString)],
        known: Vec<PathBuf>,
        mut private: Vec<PathBuf>,
    ) -> Self {
        let variables: HashMap<_, _> = variables.iter().cloned().collect();
        let home = variables.get(OsStr::new("HOME")).map(PathBuf::from);
        let home = home.filter(|home| home.is_absolute());
        if let Some(home) = &home {
            private.push(home.clone());
            private.extend(PRIVATE.map(|folder| home.join(folder)));
        }
        Self {
            home,
            variables,
            known,
            private,
        }
    }

    /// `path` with the home in the place of `~`.
    pub(super) fn expanded(&self, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), &self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path.to_owned(),
        }
    }

    /// What the program of `command` reads.
    pub(super) fn reads_of(&self, command: &[String], gpu: bool) -> Vec<PathBuf> {
        let mut reads = Vec::new();
        self.add(SYSTEM.iter().map(PathBuf::from), &mut reads);
        if gpu {
            reads.extend(gpu_devices());
        }
        for folder in self.listed("PATH") {
            self.add_programs(&folder, &mut reads);
        }
        let program = command.first().and_then(|name| self.find(name));
        for program in self.known.iter().cloned().chain(program) {
            self.add_program(program, &mut reads);
        }
        let places = PLACES.iter().filter_map(|name| self.variable(name));
        self.add(places.map(PathBuf::from), &mut reads);
        let lists = LISTS.iter().flat_map(|name| self.listed(name));
        self.add(lists, &mut reads);
        if let Some(home) = &self.home {
            reads.extend(OF_HOME.map(|below| home.join(below)));
        }
        if let Some(cache) = self.variable("HF_HOME") {
            let below = OF_HF_HOME.map(|below| Path::new(cache).join(below));
            self.add(below.into_iter(), &mut reads);
        }
        reads
    }

    fn variable(&self, name: &str) -> Option<&OsString> {
        self.variables.get(OsStr::new(name))
    }

    fn listed(&self, name: &str) -> Vec<PathBuf> {
        let value = self.variable(name).cloned().unwrap_or_default();
        let paths = std::env::split_paths(&value);
        paths.filter(|path| path.is_absolute()).collect()
    }

    fn add(&self, paths: impl Iterator<Item = PathBuf>, reads: &mut Vec<PathBuf>) {
        reads.extend(paths.filter(|path| self.is_narrow(path)));
    }

    /// The program that the owner means by `name`: one that lies on the owner's path.
    fn find(&self, name: &str) -> Option<PathBuf> {
        let path = self.listed("PATH");
        if name.contains('/') {
            let named = Path::new(name);
            let is_on_path = path
                .iter()
                .any(|folder| Some(folder.as_path()) == named.parent());
            return is_on_path.then(|| named.to_owned());
        }
        let mut found = path.into_iter().map(|folder| folder.join(name));
        found.find(|path| path.is_file())
    }

    /// A folder of programs, with the libraries beside it.
    fn add_programs(&self, folder: &Path, reads: &mut Vec<PathBuf>) {
        self.add([folder.to_owned()].into_iter(), reads);
        let Some(root) = root_of(folder) else {
            return;
        };
        let is_environment = root.join("conda-meta").is_dir() || root.join("pyvenv.cfg").is_file();
        if is_environment || folder.ends_with("shims") {
            self.add([root.to_owned()].into_iter(), reads);
        }
        self.add(LIBRARIES.map(|name| root.join(name)).into_iter(), reads);
    }

    /// A program with what lies around it, and around each link on the way to it: an interpreter finds its
    /// library by where it lies, and an environment by the link through which it was called.
    fn add_program(&self, mut program: PathBuf, reads: &mut Vec<PathBuf>) {
        for _ in 0..LINKS_MAX {
            self.add_around(&program, reads);
            let Ok(target) = fs::read_link(&program) else {
                break;
            };
            let folder = program.parent().unwrap_or(Path::new("/"));
            program = folder.join(target);
        }
        if let Ok(real) = program.canonicalize() {
            self.add_around(&real, reads);
        }
    }

    fn add_around(&self, program: &Path, reads: &mut Vec<PathBuf>) {
        reads.push(program.to_owned());
        let Some(folder) = program.parent() else {
            return;
        };
        self.add_programs(folder, reads);
        let Some(root) = root_of(folder) else {
            return;
        };
        self.add([root.to_owned()].into_iter(), reads);
        // An environment without links says where its interpreter is from.
        let about = fs::read_to_string(root.join("pyvenv.cfg")).unwrap_or_default();
        let home = about.lines().find_map(|line| line.strip_prefix("home = "));
        if let Some(home) = home.map(|home| Path::new(home.trim())) {
            self.add_programs(home, reads);
            self.add(root_of(home).map(Path::to_owned).into_iter(), reads);
        }
    }

    /// Whether `path` is a place of its own, and not one that holds what is private.
    fn is_narrow(&self, path: &Path) -> bool {
        let real = path.canonicalize();
        let holds = |path: &Path| self.private.iter().any(|private| private.starts_with(path));
        path.is_absolute() && !holds(path) && !real.is_ok_and(|real| holds(&real))
    }
}

/// Of `…/bin`, what it lies in.
fn root_of(folder: &Path) -> Option<&Path> {
    let name = folder.file_name()?.to_str()?;
    PROGRAMS.contains(&name).then(|| folder.parent()).flatten()
}

fn gpu_devices() -> Vec<PathBuf> {
    let is_gpu = |name: &str| name.starts_with("nvidia") || matches!(name, "dri" | "kfd");
    let entries = fs::read_dir("/dev").into_iter().flatten().flatten();
    let devices = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_gpu));
    devices.map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A home with an environment whose Python leads to an interpreter elsewhere.
    fn home() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        let at = |path: &str| home.path().join(path);
        for folder in [
            "venv/bin",
            "versions/3.11/bin",
            "pyenv/shims",
            ".local/bin",
            ".ssh",
            "bin",
            "other/bin",
        ] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        fs::write(at("versions/3.11/bin/python3.11"), "").unwrap();
        symlink("python3.11", at("versions/3.11/bin/python3")).unwrap();
        symlink(at("versions/3.11/bin/python3"), at("venv/bin/python")).unwrap();
        fs::write(
            at("venv/pyvenv.cfg"),
            "home = /somewhere/bin\nversion = 3\n",
        )
        .unwrap();
        for program in [
            "pyenv/shims/ruby",
            "bin/tool",
            ".ssh/tool",
            "other/bin/tool",
        ] {
            fs::write(at(program), "").unwrap();
        }
        home
    }

    /// Which files below the home a command may read, and which not, when `path` is the owner's.
    fn check(command: &str, path: &[&str], open: &[&str], closed: &[&str]) {
        let home = home();
        let at = |below: &&str| home.path().join(below);
        let on_path = std::env::join_paths(path.iter().map(at)).unwrap();
        let variables = [
            (OsString::from("PATH"), on_path),
            (OsString::from("HOME"), home.path().into()),
        ];
        let private = vec![at(&"hub")];
        let owner = Owner::new(&variables, vec![at(&"venv/bin/python")], private);
        let command = command.replace('~', home.path().to_str().unwrap());
        let reads = owner.reads_of(&[command], false);
        let is_open = |below: &&str| reads.iter().any(|read| at(below).starts_with(read));
        for below in open {
            assert!(is_open(below), "{below} is not open: {reads:?}");
        }
        for below in closed {
            assert!(!is_open(below), "{below} is open: {reads:?}");
        }
    }

    const SECRETS: &[&str] = &[".ssh/id", "secret", "hub/token"];

    #[test]
    fn an_interpreter_is_read_with_its_environment_and_its_libraries() {
        let open = ["venv/lib/site.py", "versions/3.11/lib/os.py"];
        check("python", &["venv/bin"], &open, SECRETS);
        check("~/venv/bin/python", &[], &open, SECRETS);
    }

    #[test]
    fn shims_are_read_with_what_they_lead_to() {
        check("ruby", &["pyenv/shims"], &["pyenv/versions/x"], SECRETS);
    }

    #[test]
    fn a_program_in_the_home_opens_not_the_home() {
        check("tool", &["bin"], &["bin/tool", "lib/x"], SECRETS);
        check("x", &[".local/bin"], &[".local/lib/x"], &[".local/share/x"]);
    }

    #[test]
    fn a_command_that_names_a_path_opens_nothing() {
        check("~/.ssh/tool", &["bin"], &[], &[".ssh/tool", ".ssh/id"]);
        check(
            "~/other/bin/tool",
            &["bin"],
            &[],
            &["other/lib/x", "other/x"],
        );
    }

    #[test]
    fn a_path_that_holds_the_home_opens_nothing() {
        check("x", &["", "..", "hub/bin/../.."], &[], SECRETS);
    }
}
