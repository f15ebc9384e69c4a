//! Which addresses may be sent to.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// A network, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// Addresses that are not public and may be sent to all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed(pub Vec<Network>);

impl Allowed {
    /// Whether it may be sent to.
    pub fn takes(&self, address: IpAddr) -> bool {
        let address = embedded(address);
        is_public(address) || self.0.iter().any(|network| network.has(address))
    }
}

impl Network {
    /// Whether an address lies in it.
    fn has(&self, address: IpAddr) -> bool {
        let same = |a: &[u8], b: &[u8]| {
            let (whole, rest) = (usize::from(self.bits / 8), self.bits % 8);
            let mask = !(0xff_u8.checked_shr(rest.into()).unwrap_or(0));
            let is_end_same = rest == 0 || a[whole] & mask == b[whole] & mask;
            a[..whole] == b[..whole] && is_end_same
        };
        match (self.address, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(&a.octets(), &b.octets()),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(&a.octets(), &b.octets()),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no address; write one such as `127.0.0.1`, `10.0.0.0/8` or `fd00::/8`"
            )
        };
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits
                .parse()
                .ok()
                .filter(|bits| *bits <= most)
                .ok_or_else(wrong)?,
            None => most,
        };
        Ok(Self { address, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// The IPv4 address that an IPv6 address stands for, if it stands for one.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let octets = v6.octets();
    let last = || Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]);
    match v6.segments() {
        // ::ffff:a.b.c.d, and ::a.b.c.d but for :: and ::1
        [0, 0, 0, 0, 0, 0xffff, _, _] => IpAddr::V4(last()),
        [0, 0, 0, 0, 0, 0, high, low] if (high, low) != (0, 0) && (high, low) != (0, 1) => {
            IpAddr::V4(last())
        }
        // 64:ff9b::a.b.c.d, by which a translator reaches IPv4
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => IpAddr::V4(last()),
        // 2002:a.b:c.d::
        [0x2002, ..] => IpAddr::V4(Ipv4Addr::new(octets[2], octets[3], octets[4], octets[5])),
        _ => address,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// None of the blocks that the registry of special-purpose addresses keeps from the internet.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = match (a, b, c) {
        // this network, loopback, multicast, reserved and broadcast
        (0 | 127 | 224..=255, _, _) => true,
        // RFC 1918
        (10, _, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // link-local, where clouds keep their metadata
        (169, 254, _) => true,
        // shared by carriers
        (100, 64..=127, _) => true,
        // protocols, documentation, benchmarks, relays
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18..=19, _) => true,
        (198, 51, 100) | (203, 0, 113) => true,
        _ => false,
    };
    !is_special
}

/// Of IPv6 only what is given out to the internet (`2000::/3`), without what is special in it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let is_special = match segments {
        // protocols (Teredo and ORCHID among them), documentation
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => true,
        _ => false,
    };
    segments[0] & 0xe000 == 0x2000 && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, allowed: &[&str], expected: bool) {
        let networks = allowed.iter().map(|text| text.parse().unwrap());
        let allowed = Allowed(networks.collect());
        assert_eq!(
            allowed.takes(address.parse().unwrap()),
            expected,
            "{address}"
        );
    }

    #[test]
    fn what_is_public_is_sent_to() {
        for address in [
            "1.1.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.1.1",
            "100.63.1.1",
            "223.255.255.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            check(address, &[], true);
        }
    }

    #[test]
    fn what_is_not_public_is_not() {
        for address in [
            // loopback and this host
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "0.1.2.3",
            // RFC 1918
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            // link-local and the metadata of clouds
            "169.254.0.1",
            "169.254.169.254",
            "100.100.100.200",
            "fd00:ec2::254",
            // shared, documentation, benchmarks, multicast, reserved
            "100.64.0.1",
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "198.18.0.1",
            "192.0.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.88.99.1",
            // IPv6: loopback, unspecified, link-local, unique local, site-local, multicast
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "fec0::1",
            "ff02::1",
            // IPv4 in other clothes
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "::10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
            // tunnels and documentation
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "100::1",
        ] {
            check(address, &[], false);
        }
    }

    #[test]
    fn the_configuration_allows_networks_and_addresses() {
        check("127.0.0.1", &["127.0.0.1"], true);
        check("::ffff:127.0.0.1", &["127.0.0.1"], true);
        check("127.0.0.2", &["127.0.0.1"], false);
        check("10.9.8.7", &["10.0.0.0/8"], true);
        check("11.9.8.7", &["11.0.0.0/8"], true);
        check("172.17.1.1", &["172.16.0.0/12"], true);
        check("192.168.130.1", &["192.168.128.0/23"], false);
        check("192.168.129.1", &["192.168.128.0/23"], true);
        check("fd12::1", &["fd00::/8"], true);
        check("fc12::1", &["fd00::/8"], false);
        check("::1", &["10.0.0.0/8"], false);
        check("169.254.169.254", &["0.0.0.0/0"], true);
    }

    #[test]
    fn what_is_no_network_is_named() {
        for wrong in [
            "",
            "localhost",
            "10.0.0.0/33",
            "::/129",
            "1.2.3",
            "10.0.0.0/x",
        ] {
            let error = wrong.parse::<Network>().unwrap_err();
            assert!(
                error.starts_with(&format!("`{wrong}` is no address")),
                "{error}"
            );
        }
        assert_eq!(
            "10.0.0.0/8".parse::<Network>().unwrap().to_string(),
            "10.0.0.0/8"
        );
    }
}
