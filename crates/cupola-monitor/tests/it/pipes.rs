//! Far sides at the other end of two pipes.

use std::{
    io::{self, BufRead as _, BufReader, PipeReader, PipeWriter, Write as _},
    path::PathBuf,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use cupola_monitor::{
    dial::{Dial, Wire},
    remote::{Options, Remote},
    serve::{Server, serve},
};
use cupola_workspace::source::{Source, SourceError};
use jiff::tz::{Offset, TimeZone};

use super::fake::{Fake, NOW};

/// Long enough for whatever is expected.
pub(crate) const LONG: Duration = Duration::from_mins(2);

/// Serves a source at the other end, as often as somebody comes.
#[derive(Clone)]
pub(crate) struct Piped {
    pub(crate) server: Arc<Server>,
    /// Whether both sides take each other for Experimaestro's.
    pub(crate) is_plain: bool,
    /// What a shell there says first.
    pub(crate) banner: &'static str,
    /// The newest connection's.
    pub(crate) stream: Arc<Mutex<Stream>>,
    /// Whether it can be reached.
    pub(crate) is_reachable: Arc<Mutex<bool>>,
}

/// The stream from the far side, while it lasts.
pub(crate) type Stream = Arc<Mutex<Option<PipeWriter>>>;

impl Piped {
    pub(crate) fn to(source: Arc<dyn Source>) -> Self {
        Self {
            server: Arc::new(Server {
                source,
                workspace: PathBuf::from("/work space"),
                zone: TimeZone::fixed(Offset::constant(3)),
                version: "0.1.0".to_owned(),
            }),
            is_plain: false,
            banner: "",
            stream: Arc::default(),
            is_reachable: Arc::new(Mutex::new(true)),
        }
    }

    /// Ends the newest connection, after a few more bytes.
    pub(crate) fn cut_after(&self, last: &[u8]) {
        let stream = self.stream.lock().unwrap();
        let mut ending = stream.lock().unwrap().take().unwrap();
        ending.write_all(last).unwrap();
    }

    /// Ends the newest connection.
    pub(crate) fn cut(&self) {
        self.cut_after(b"");
    }
}

impl Dial for Piped {
    fn title(&self) -> String {
        "far:/work space".to_owned()
    }

    fn dial(&self, _: bool) -> io::Result<Wire> {
        if !*self.is_reachable.lock().unwrap() {
            return Err(io::Error::other("no route to host"));
        }
        let (asked, output) = io::pipe()?;
        let (from_server, to_client) = io::pipe()?;
        let (input, mut relayed) = io::pipe()?;
        let (said, saying) = io::pipe()?;
        let server = Arc::clone(&self.server);
        let asked = self.relayed(asked)?;
        thread::spawn(move || {
            let _saying = saying;
            serve(&server, asked, to_client).unwrap();
        });
        relayed.write_all(self.banner.as_bytes())?;
        let stream: Stream = Arc::new(Mutex::new(Some(relayed)));
        *self.stream.lock().unwrap() = Arc::clone(&stream);
        let is_plain = self.is_plain;
        thread::spawn(move || {
            for line in BufReader::new(from_server).lines() {
                let line = plainly(&line.unwrap(), is_plain);
                let mut stream = stream.lock().unwrap();
                let Some(relayed) = &mut *stream else { return };
                if writeln!(relayed, "{line}").is_err() {
                    return;
                }
            }
            stream.lock().unwrap().take();
        });
        Ok(Wire {
            input: Box::new(input),
            output: Box::new(output),
            said: Box::new(said),
            program: None,
        })
    }
}

impl Piped {
    fn relayed(&self, from: PipeReader) -> io::Result<PipeReader> {
        let (to_server, mut relayed) = io::pipe()?;
        let is_plain = self.is_plain;
        thread::spawn(move || {
            for line in BufReader::new(from).lines() {
                if writeln!(relayed, "{}", plainly(&line.unwrap(), is_plain)).is_err() {
                    return;
                }
            }
        });
        Ok(to_server)
    }
}

/// A line in which nobody says that both are Cupola's.
fn plainly(line: &str, is_plain: bool) -> String {
    if is_plain {
        line.replace(r#""cupola":{"#, r#""nobody":{"#)
    } else {
        line.to_owned()
    }
}

/// A far side that says what it was told to say and hears nothing; its ends stay with it.
pub(crate) struct Scripted {
    /// What it says, one after each request.
    pub(crate) answers: Vec<Vec<u8>>,
    /// What it says to people.
    pub(crate) said: &'static str,
    /// Whether it then stays silent instead of going away.
    pub(crate) stays: bool,
}

impl Dial for Scripted {
    fn title(&self) -> String {
        "scripted".to_owned()
    }

    fn dial(&self, _: bool) -> io::Result<Wire> {
        let (asked, output) = io::pipe()?;
        let (input, mut answers) = io::pipe()?;
        let (said, mut saying) = io::pipe()?;
        saying.write_all(self.said.as_bytes())?;
        let (to_say, stays) = (self.answers.clone(), self.stays);
        thread::spawn(move || {
            let mut asked = BufReader::new(asked).lines();
            for answer in to_say {
                asked.next();
                // A client that has heard enough reads no further.
                let _ = answers.write_all(&answer);
            }
            if stays {
                asked.for_each(drop);
            }
            drop(saying);
        });
        Ok(Wire {
            input: Box::new(input),
            output: Box::new(output),
            said: Box::new(said),
            program: None,
        })
    }
}

/// What the far side said to people.
pub(crate) type Heard = Arc<Mutex<Vec<String>>>;

pub(crate) fn options(heard: &Heard) -> Options {
    let heard = Arc::clone(heard);
    Options {
        version: "0.1.0".to_owned(),
        clock: Box::new(|| NOW),
        said: Box::new(move |line| heard.lock().unwrap().push(line.to_owned())),
        connect_limit: LONG,
        call_limit: LONG,
    }
}

pub(crate) fn connected(dial: impl Dial + 'static) -> Result<Remote, SourceError> {
    Remote::connect(Box::new(dial), options(&Heard::default()))
}

/// A remote of `fake`, between two of ours or as Experimaestro would speak.
pub(crate) fn remote_of(fake: &Arc<Fake>, is_plain: bool) -> Remote {
    let fake: Arc<dyn Source> = Arc::<Fake>::clone(fake);
    connected(Piped {
        is_plain,
        banner: "cupola-clock 1795268105 +0300 \n",
        ..Piped::to(fake)
    })
    .unwrap()
}
