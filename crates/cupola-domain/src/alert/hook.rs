//! A webhook's URL, taken apart: what is taken here is what is called later.

/// Where a webhook is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Whether the way there is encrypted.
    pub is_tls: bool,
    /// A name or an address, without the brackets of IPv6.
    pub host: String,
    /// Its port, or the usual one.
    pub port: u16,
    /// Host and port as they are written.
    pub authority: String,
    /// Path and query.
    pub path: String,
}

impl Hook {
    /// Reads a URL. A name or a password before the host is refused: it would be sent in the clear or
    /// lost; and so is what is not ASCII, which each program would write otherwise.
    pub fn parse(url: &str) -> Option<Self> {
        // What follows a `#` is for whoever reads, not for whoever answers.
        let url = url.split('#').next()?;
        let (scheme, rest) = url.split_once("://")?;
        let is_tls = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (host, port) = host_and_port(authority)?;
        if !path.bytes().all(is_of_path) {
            return None;
        }
        Some(Self {
            is_tls,
            host: host.to_owned(),
            port: port.unwrap_or(if is_tls { 443 } else { 80 }),
            authority: authority.to_owned(),
            path: if path.starts_with('/') {
                path.to_owned()
            } else {
                format!("/{path}")
            },
        })
    }

    /// `https://host:8080/…`: what may be seen of it.
    pub fn shown(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}/…", self.authority)
    }
}

/// `host`, `host:8080`, `[::1]:8080`
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, rest) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        (host, rest)
    } else {
        let end = authority.find(':').unwrap_or(authority.len());
        let (host, rest) = authority.split_at(end);
        let is_of_name = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        if host.is_empty() || !host.bytes().all(is_of_name) {
            return None;
        }
        (host, rest)
    };
    if rest.is_empty() {
        return Some((host, None));
    }
    let digits = rest.strip_prefix(':')?;
    let is_number = digits.bytes().all(|b| b.is_ascii_digit());
    let port = digits.parse().ok().filter(|port| is_number && *port > 0)?;
    Some((host, Some(port)))
}

fn is_of_path(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=%[]".contains(&b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Option<(bool, &str, u16, &str)>) {
        let hook = Hook::parse(url);
        let seen = (hook.as_ref()).map(|h| (h.is_tls, h.host.as_str(), h.port, h.path.as_str()));
        assert_eq!(seen, expected, "{url}");
    }

    #[test]
    fn a_url_is_taken_apart() {
        check(
            "https://h.example/a/b?c=1#d",
            Some((true, "h.example", 443, "/a/b?c=1")),
        );
        check("http://[::1]:8080", Some((false, "::1", 8080, "/")));
        check("http://2130706433/", Some((false, "2130706433", 80, "/")));
        check("http://a_b:65535?x", Some((false, "a_b", 65_535, "/?x")));
    }

    #[test]
    fn what_is_no_webhook_is_refused() {
        for wrong in [
            "",
            "ftp://h/",
            "file:///etc/passwd",
            "https://u:p@h/",
            "//h/x",
            "h/x",
            "https://",
            "https:///x",
            "https://:443/x",
            "https://h:/x",
            "https://h:0/x",
            "https://h:+1/x",
            "https://h:99999/x",
            "https://[::1/x",
            "https://[h]/x",
            "https://[::1]x/",
            "https://hö.example/x",
            "https://h/ö",
            "https://h/a b",
            "https://h/<x>",
            "https://a\\b/",
        ] {
            check(wrong, None);
        }
    }
}
