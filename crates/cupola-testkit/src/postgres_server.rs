//! A PostgreSQL server that every test process of this machine shares, and that ends with the last of them.
//!
//! nextest runs each test in a process of its own; a server for each would cost a test
//! half a second. So the first process starts one, from the machine's own binaries, in a
//! folder under the system's temporary one, and every process holds a shared lock on a
//! file there while it lives. A small supervisor (`supervise.sh`) stops the server a second
//! after the last lock is gone. The files stay, so that the next start takes no `initdb`.

use std::{
    env,
    fs::{self, File, OpenOptions, Permissions},
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use postgres::{Client, NoTls};

const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A database of its own on the shared server, dropped with this value.
pub(crate) struct PostgresDatabase {
    name: String,
}

impl PostgresDatabase {
    pub(crate) fn create() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{count}", std::process::id());
        let mut client = server().connect().expect("the test server answers");
        // A test that was killed may have left one of this name.
        for sql in [
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            format!("CREATE DATABASE {name} TEMPLATE template0"),
        ] {
            client.batch_execute(&sql).expect("the test server obeys");
        }
        Self { name }
    }

    pub(crate) fn url(&self) -> String {
        server().url(&self.name)
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // A test that is already failing should fail for its own reason.
        if let Ok(mut client) = server().connect() {
            let _ = client.batch_execute(&sql);
        }
    }
}

struct Server {
    folder: PathBuf,
    _user: File,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

impl Server {
    fn start() -> Self {
        let programs = find_programs();
        let folder = prepare_folder(&programs);
        let start = open(&folder.join("start"));
        start.lock().expect("files can be locked");
        let user = open(&folder.join("users"));
        user.lock_shared().expect("files can be locked");
        let server = Self {
            folder,
            _user: user,
        };
        if server.connect().is_err() {
            server.initialise(&programs);
            server.supervise(&programs);
            server.wait();
        }
        server
    }

    fn connect(&self) -> Result<Client, postgres::Error> {
        Client::connect(&self.url("postgres"), NoTls)
    }

    fn url(&self, database: &str) -> String {
        let folder = self.folder.to_string_lossy().replace('/', "%2F");
        format!("postgres://cupola@{folder}/{database}")
    }

    fn initialise(&self, programs: &Path) {
        let data = self.folder.join("data");
        if data.join("ready").exists() {
            return;
        }
        let _ = fs::remove_dir_all(&data);
        let output = as_server_user(&programs.join("initdb"))
            .args(["--username=cupola", "--auth=trust", "--encoding=UTF8"])
            .args(["--locale=C", "--no-sync", "--wal-segsize=1", "-D"])
            .arg(&data)
            .current_dir(&self.folder)
            .output()
            .expect("initdb runs");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "initdb failed: {complaint}");
        fs::write(data.join("ready"), "").expect("the server's folder is writable");
    }

    /// Its own process group, so that a signal to the test's group does not reach it.
    fn supervise(&self, programs: &Path) {
        let mut child = as_server_user(Path::new("sh"))
            .args(["-c", include_str!("supervise.sh"), "supervise"])
            .arg(&self.folder)
            .arg(programs)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("sh runs");
        thread::spawn(move || child.wait());
    }

    fn wait(&self) {
        let started = Instant::now();
        while let Err(error) = self.connect() {
            let log = self.folder.join("log");
            assert!(
                started.elapsed() < START_TIMEOUT,
                "PostgreSQL does not start ({error}); its log is `{}`",
                log.display()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The folder with `initdb` and `postgres`: in PATH, or the newest of Debian's.
fn find_programs() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    debian.sort_by_key(|folder| std::cmp::Reverse(version_of(folder)));
    env::split_paths(&path)
        .chain(debian)
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .expect("this test needs PostgreSQL's `initdb` and `postgres`: install the Debian package `postgresql`")
}

fn version_of(programs: &Path) -> u32 {
    programs
        .parent()
        .and_then(|folder| folder.file_name()?.to_str()?.parse().ok())
        .unwrap_or(0)
}

/// A folder that belongs to the user whom the server runs as, one for each user and version.
fn prepare_folder(programs: &Path) -> PathBuf {
    let owner = server_user();
    let key = programs.to_string_lossy().replace('/', "-");
    let folder = env::temp_dir().join(format!("cupola-testkit-{}{key}", owner.uid));
    // Another process may be making it at the same time.
    let _ = fs::create_dir(&folder);
    if owner.name.is_some() {
        std::os::unix::fs::chown(&folder, Some(owner.uid), Some(owner.gid))
            .expect("root may give a folder away");
    }
    let metadata = fs::symlink_metadata(&folder).expect("the temporary folder is writable");
    assert!(
        metadata.is_dir() && metadata.uid() == owner.uid,
        "`{}` belongs to somebody else",
        folder.display()
    );
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).expect("it is ours");
    folder
}

fn open(path: &Path) -> File {
    let owner = server_user();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .expect("the server's folder is writable");
    if owner.name.is_some() {
        std::os::unix::fs::chown(path, Some(owner.uid), Some(owner.gid))
            .expect("root may give a file away");
    }
    file
}

struct User {
    /// Set when it is another user than this process's.
    name: Option<&'static str>,
    uid: u32,
    gid: u32,
}

/// PostgreSQL refuses to run as root; then `postgres` runs it, or `nobody`.
fn server_user() -> User {
    let me = fs::metadata("/proc/self").expect("Linux has /proc");
    if me.uid() != 0 {
        return User {
            name: None,
            uid: me.uid(),
            gid: me.gid(),
        };
    }
    let passwd = fs::read_to_string("/etc/passwd").expect("every system has users");
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| {
            let line = passwd
                .lines()
                .find(|l| l.starts_with(&format!("{name}:")))?;
            let mut ids = line.split(':').skip(2).map(str::parse);
            Some(User {
                name: Some(name),
                uid: ids.next()?.ok()?,
                gid: ids.next()?.ok()?,
            })
        })
        .expect("`postgres` or `nobody` is in /etc/passwd")
}

fn as_server_user(program: &Path) -> Command {
    let user = server_user();
    if user.name.is_none() {
        return command(program);
    }
    let mut command = command(Path::new("setpriv"));
    command
        .arg(format!("--reuid={}", user.uid))
        .arg(format!("--regid={}", user.gid))
        .arg("--clear-groups")
        .arg(program);
    command
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests start a database server, which is no run of a worker"
)]
fn command(program: &Path) -> Command {
    Command::new(program)
}
