//! A webhook's URL, taken apart.

use hyper::Uri;

/// Where a webhook is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) is_tls: bool,
    /// A name or an address, without the brackets of IPv6.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// `Host` as the header has it.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) path: String,
}

impl Place {
    /// Reads a URL.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let wrong = || "its address is no URL of a webhook".to_owned();
        // What follows a `#` is for whoever reads, not for whoever answers.
        let url = url.split('#').next().unwrap_or_default();
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("its address begins neither with https:// nor with http://".to_owned()),
        };
        let authority = uri.authority().ok_or_else(wrong)?;
        if authority.as_str().contains('@') {
            return Err("its address has a name or a password before the host".to_owned());
        }
        let host = authority.host();
        let host = host
            .strip_prefix('[')
            .and_then(|h| h.strip_suffix(']'))
            .unwrap_or(host);
        if host.is_empty() {
            return Err(wrong());
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            is_tls,
            port: authority
                .port_u16()
                .unwrap_or(if is_tls { 443 } else { 80 }),
            host: host.to_owned(),
            authority: authority.to_string(),
            path: path.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Option<(bool, &str, u16, &str)>) {
        let place = Place::parse(url).ok();
        let seen = (place.as_ref()).map(|p| (p.is_tls, p.host.as_str(), p.port, p.path.as_str()));
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
        for wrong in [
            "",
            "ftp://h/",
            "file:///etc/passwd",
            "https://u:p@h/",
            "//h/x",
            "h/x",
            "https://",
        ] {
            check(wrong, None);
        }
    }
}
