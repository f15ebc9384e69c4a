//! Whose program takes the calls at an address of this machine, as the kernel tells it.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// How a socket that listens is marked.
const LISTENING: &str = "0A";

/// Whoever has the machine need take no port from anybody: what listens in a container's name is its.
const ROOT: u32 = 0;

/// Who listens somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listener {
    /// This user, or root.
    Ours,
    /// Another user, or may be.
    Others,
    Nobody,
}

/// A socket that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Socket {
    at: SocketAddr,
    user: u32,
    inode: u64,
}

/// Who listens at `address`.
pub(super) fn listener(address: SocketAddr) -> io::Result<Listener> {
    let ours = rustix::process::geteuid().as_raw();
    Ok(found(&table()?, address, ours))
}

/// Whether nobody but this user, or root, listens at `address`.
pub fn is_ours(address: SocketAddr) -> io::Result<bool> {
    Ok(listener(address)? == Listener::Ours)
}

/// What is run by the processes that listen at `address`, as far as this user may see that: those of others
/// only root sees.
pub fn programs_at(address: SocketAddr) -> io::Result<Vec<PathBuf>> {
    let table = table()?;
    let sockets = nearest(&table, address);
    let names: Vec<PathBuf> = (sockets.iter())
        .map(|socket| PathBuf::from(format!("socket:[{}]", socket.inode)))
        .collect();
    let mut programs = Vec::new();
    for process in fs::read_dir("/proc")?.flatten() {
        let is_process = process.file_name().as_encoded_bytes()[0].is_ascii_digit();
        if is_process && holds(&process.path(), &names) {
            programs.extend(fs::read_link(process.path().join("exe")).ok());
        }
    }
    Ok(programs)
}

/// Whether a process has one of these open. One that is gone, or somebody else's, has none.
fn holds(process: &Path, names: &[PathBuf]) -> bool {
    let Ok(open) = fs::read_dir(process.join("fd")) else {
        return false;
    };
    let mut links = open
        .flatten()
        .filter_map(|fd| fs::read_link(fd.path()).ok());
    links.any(|link| names.contains(&link))
}

fn table() -> io::Result<String> {
    let mut table = fs::read_to_string("/proc/self/net/tcp")?;
    match fs::read_to_string("/proc/self/net/tcp6") {
        Ok(more) => table += &more,
        // There is no IPv6 here.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(table)
}

fn found(table: &str, address: SocketAddr, ours: u32) -> Listener {
    let sockets = nearest(table, address);
    let is_ours = |socket: &Socket| socket.user == ours || socket.user == ROOT;
    match sockets.as_slice() {
        [] => Listener::Nobody,
        sockets if sockets.iter().all(is_ours) => Listener::Ours,
        _ => Listener::Others,
    }
}

/// The sockets that take calls at an address: of several those that are bound most closely.
fn nearest(table: &str, address: SocketAddr) -> Vec<Socket> {
    let sockets = table.lines().filter_map(row);
    let sockets = sockets.filter(|socket| socket.at.port() == address.port());
    let sockets: Vec<(u8, Socket)> = sockets
        .filter_map(|socket| Some((distance(socket.at.ip(), address.ip())?, socket)))
        .collect();
    let nearest = sockets.iter().map(|(distance, _)| *distance).min();
    let sockets = sockets.into_iter();
    let sockets = sockets.filter(|(distance, _)| Some(*distance) == nearest);
    sockets.map(|(_, socket)| socket).collect()
}

fn row(line: &str) -> Option<Socket> {
    let mut words = line.split_ascii_whitespace();
    let (local, state) = (words.nth(1)?, words.nth(1)?);
    let (user, inode) = (words.nth(3)?, words.nth(1)?);
    let (ip, port) = local.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let socket = Socket {
        at: SocketAddr::new(ip_of(ip)?, port),
        user: user.parse().ok()?,
        inode: inode.parse().ok()?,
    };
    (state == LISTENING).then_some(socket)
}

/// Words of four bytes, each written as this machine's number.
fn ip_of(text: &str) -> Option<IpAddr> {
    let word = |text: &str| Some(u32::from_str_radix(text, 16).ok()?.to_ne_bytes());
    if text.len() == 8 {
        return Some(Ipv4Addr::from(word(text)?).into());
    }
    let mut bytes = [0; 16];
    for (at, part) in bytes.chunks_exact_mut(4).enumerate() {
        part.copy_from_slice(&word(text.get(at * 8..at * 8 + 8)?)?);
    }
    Some(Ipv6Addr::from(bytes).into())
}

/// How far from the address that is called one is bound that hears it; none where it does not.
fn distance(bound: IpAddr, called: IpAddr) -> Option<u8> {
    match (bound.to_canonical(), called) {
        (bound, called) if bound == called => Some(0),
        (IpAddr::V4(bound), IpAddr::V4(_)) if bound.is_unspecified() => Some(1),
        (IpAddr::V6(bound), IpAddr::V6(_)) if bound.is_unspecified() => Some(1),
        (IpAddr::V6(bound), IpAddr::V4(_)) if bound.is_unspecified() => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A table of sockets: address, state, user.
    fn table(rows: &[(&str, &str, u32)]) -> String {
        let head =
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";
        let rows = rows.iter().map(|(address, state, user)| {
            let address: SocketAddr = address.parse().unwrap();
            let word = |bytes: &[u8]| {
                let bytes = <[u8; 4]>::try_from(bytes).unwrap();
                format!("{:08X}", u32::from_ne_bytes(bytes))
            };
            let ip = match address.ip() {
                IpAddr::V4(ip) => word(&ip.octets()),
                IpAddr::V6(ip) => ip.octets().chunks(4).map(word).collect(),
            };
            let port = address.port();
            format!(
                "   0: {ip}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 \
                 {user:>5}        0 1 1 0 100 0 0 10 0\n"
            )
        });
        head.to_owned() + &rows.collect::<String>()
    }

    fn check(rows: &[(&str, &str, u32)], called: &str, expected: Listener) {
        let found = found(&table(rows), called.parse().unwrap(), 7);
        assert_eq!(found, expected, "{called} in {rows:?}");
    }

    #[test]
    fn a_port_is_its_users() {
        let called = "127.0.0.1:80";
        check(&[], called, Listener::Nobody);
        check(&[("127.0.0.1:80", "0A", 7)], called, Listener::Ours);
        check(&[("127.0.0.1:80", "0A", 8)], called, Listener::Others);
        check(&[("0.0.0.0:80", "0A", 8)], called, Listener::Others);
        check(&[("0.0.0.0:80", "0A", 0)], called, Listener::Ours);
        check(&[("[::]:80", "0A", 8)], called, Listener::Others);
        check(
            &[("[::ffff:127.0.0.1]:80", "0A", 7)],
            called,
            Listener::Ours,
        );
        check(&[("[::1]:80", "0A", 8)], "[::1]:80", Listener::Others);
        check(&[("[::]:80", "0A", 7)], "[::1]:80", Listener::Ours);
    }

    #[test]
    fn what_does_not_take_the_call_does_not_count() {
        let called = "127.0.0.1:80";
        check(&[("127.0.0.1:81", "0A", 8)], called, Listener::Nobody);
        check(&[("127.0.0.1:80", "01", 8)], called, Listener::Nobody);
        check(&[("[::1]:80", "0A", 8)], called, Listener::Nobody);
        check(&[("10.0.0.1:80", "0A", 8)], called, Listener::Nobody);
        check(&[("0.0.0.0:80", "0A", 8)], "[::1]:80", Listener::Nobody);
        let both = [("[::]:80", "0A", 8), ("127.0.0.1:80", "0A", 7)];
        check(&both, called, Listener::Ours);
        check(&both, "[::1]:80", Listener::Others);
        let shared = [("127.0.0.1:80", "0A", 7), ("127.0.0.1:80", "0A", 8)];
        check(&shared, called, Listener::Others);
    }

    #[test]
    fn the_program_behind_a_port_is_known() {
        let bound = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = std::env::current_exe().unwrap();
        assert_eq!(programs_at(bound.local_addr().unwrap()).unwrap(), [here]);
        let gone = bound.local_addr().unwrap();
        drop(bound);
        assert!(programs_at(gone).unwrap().is_empty());
    }

    #[test]
    fn one_of_this_program_is_ours() {
        for place in ["127.0.0.1:0", "0.0.0.0:0"] {
            let bound = TcpListener::bind(place).unwrap();
            let port = bound.local_addr().unwrap().port();
            let called = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            assert_eq!(listener(called).unwrap(), Listener::Ours, "{place}");
        }
    }
}
