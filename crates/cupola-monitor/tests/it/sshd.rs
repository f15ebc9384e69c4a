//! A real `sshd` on loopback, with keys of its own, for one test.

use std::{
    fs,
    io::Read as _,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use cupola_monitor::dial::{Dial as _, Local, Program};

/// Ends with its test.
pub(crate) struct Sshd {
    folder: tempfile::TempDir,
    _program: Program,
}

impl Sshd {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        for name in ["host", "user"] {
            ran(&[
                "ssh-keygen",
                "-q",
                "-t",
                "ed25519",
                "-N",
                "",
                "-f",
                &path(name),
            ]);
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let user = ran(&["id", "-un"]);
        // Where it runs as root it wants its empty folder.
        let _ = fs::create_dir_all("/run/sshd");
        let server = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n",
            path("host"),
            path("user.pub"),
        );
        fs::write(path("sshd_config"), server).unwrap();
        let client = format!(
            "Host lab\nHostName 127.0.0.1\nPort {port}\nUser {user}IdentityFile {}\n\
             IdentitiesOnly yes\nIdentityAgent none\nUserKnownHostsFile {}\n\
             StrictHostKeyChecking yes\nBatchMode yes\n",
            path("user"),
            path("known_hosts"),
        );
        fs::write(path("config"), client).unwrap();
        let host_key = fs::read_to_string(path("host.pub")).unwrap();
        fs::write(
            path("known_hosts"),
            format!("[127.0.0.1]:{port} {host_key}"),
        )
        .unwrap();
        let program = listening(&path("sshd_config"), port);
        Self {
            folder,
            _program: program,
        }
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }
}

fn listening(config: &str, port: u16) -> Program {
    let words = ["/usr/sbin/sshd", "-D", "-e", "-f", config].map(str::to_owned);
    let mut wire = Local {
        words: words.to_vec(),
    }
    .dial(false)
    .unwrap();
    let mut said = wire.said;
    thread::spawn(move || said.read_to_end(&mut Vec::new()));
    let mut program = wire.program.take().unwrap();
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert_eq!(program.wait(Duration::from_millis(20)), None, "it stays");
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "it listens in time"
        );
    }
    program
}

/// Runs a program to its end; what it wrote.
pub(crate) fn ran(words: &[&str]) -> String {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    let mut wire = Local { words }.dial(false).unwrap();
    drop(wire.output);
    let (mut written, mut said) = (String::new(), String::new());
    wire.input.read_to_string(&mut written).unwrap();
    wire.said.read_to_string(&mut said).unwrap();
    let code = wire.program.unwrap().wait(Duration::from_mins(1));
    assert_eq!(code, Some(0), "{written}{said}");
    written
}
