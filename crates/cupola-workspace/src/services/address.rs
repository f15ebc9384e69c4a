//! Where a program answers: a port that we give it, or an address that it prints.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use super::{
    listener::{Listener, listener},
    moves::Answer,
};

/// Somebody on this machine answers at once or not at all.
const CONNECT_LIMIT: Duration = Duration::from_millis(500);

/// A port of this machine that nobody has at this moment.
pub(super) fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// Whether nobody listens there.
pub(super) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Where a program answers that was given this port.
pub(super) fn at_port(port: u16) -> Answer {
    Answer {
        address: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        begin: "/".to_owned(),
    }
}

/// Whether a program of this user takes calls there. That another user's does is an error: whoever was
/// quicker to take the port would be shown as the service.
pub(super) fn answers(address: SocketAddr) -> Result<bool, String> {
    if TcpStream::connect_timeout(&address, CONNECT_LIMIT).is_err() {
        return Ok(false);
    }
    let port = address.port();
    match listener(address) {
        Ok(Listener::Ours) => Ok(true),
        Ok(Listener::Nobody) => Ok(false),
        Ok(Listener::Others) => Err(format!("port {port} is another user's")),
        Err(error) => Err(format!("it cannot be seen whose port {port} is: {error}")),
    }
}

/// The first address of this machine that a program prints. Those of others are none that can be
/// led to. `host` is what this machine calls itself.
pub(super) fn printed(text: &str, host: &str) -> Option<Answer> {
    let mut starts = text
        .match_indices("http://")
        .map(|(at, word)| at + word.len());
    starts.find_map(|at| read(&text[at..], host))
}

/// `127.0.0.1:8888/lab?token=…`, up to what cannot stand in an address.
fn read(text: &str, host: &str) -> Option<Answer> {
    let is_over = |it: char| {
        it.is_whitespace() || it.is_control() || !it.is_ascii() || "\"'<>`()\\^{|}".contains(it)
    };
    let end = text.find(is_over)?;
    let text = text[..end].trim_end_matches(['.', ',', ';', ':', '!']);
    let place = text.find(['/', '?', '#']).unwrap_or(text.len());
    let (authority, rest) = text.split_at(place);
    let (name, port) = authority.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port > 0)?;
    let rest = rest.split('#').next().unwrap_or_default();
    let slash = if rest.starts_with('/') { "" } else { "/" };
    Some(Answer {
        address: Some(SocketAddr::new(here(name, host)?, port)),
        begin: format!("{slash}{rest}"),
    })
}

/// The address of this machine that a name stands for.
fn here(name: &str, host: &str) -> Option<IpAddr> {
    if name.eq_ignore_ascii_case("localhost") || name.eq_ignore_ascii_case(host) {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    let address: IpAddr = name
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()?;
    if address.is_unspecified() {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    address.is_loopback().then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, &str)>) {
        let found = printed(text, "node7").map(|answer| {
            let address = answer.address.map(|address| address.to_string());
            (address.unwrap_or_default(), answer.begin)
        });
        let expected = expected.map(|(address, begin)| (address.to_owned(), begin.to_owned()));
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn an_address_of_this_machine_is_found() {
        check(
            "Serving HTTP on 0.0.0.0 port 8000 (http://0.0.0.0:8000/) ...\n",
            Some(("127.0.0.1:8000", "/")),
        );
        check(
            "TensorBoard 2.20.0 at http://localhost:6006/ (Press CTRL+C to quit)\n",
            Some(("127.0.0.1:6006", "/")),
        );
        check(
            "  http://node7:8888/lab?token=a1&x=2\n",
            Some(("127.0.0.1:8888", "/lab?token=a1&x=2")),
        );
        check("at http://[::1]:80/x#part\n", Some(("[::1]:80", "/x")));
        check("see http://127.0.0.1:99.\n", Some(("127.0.0.1:99", "/")));
        check(
            "docs at http://example.com:80/ and it is http://127.0.0.1:9?a=b \n",
            Some(("127.0.0.1:9", "/?a=b")),
        );
    }

    #[test]
    fn what_leads_elsewhere_or_is_half_printed_is_none() {
        for text in [
            "",
            "http://",
            "http://127.0.0.1:60",
            "http://10.0.0.1:80/\n",
            "http://169.254.169.254:80/\n",
            "http://localhost/\n",
            "http://localhost:0/\n",
            "http://localhost:99999/\n",
            "http://a@127.0.0.1:80/\n",
            "https://127.0.0.1:80/\n",
        ] {
            check(text, None);
        }
    }
}
