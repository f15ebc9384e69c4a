//! What texts of a format look like. Simple on purpose: whether an address leads anywhere, only
//! using it can tell.

use super::TextFormat;

impl TextFormat {
    /// What to give instead, if `text` does not look like this.
    pub(super) fn unmet(self, text: &str) -> Option<&'static str> {
        match self {
            TextFormat::Plain | TextFormat::Area => None,
            TextFormat::Email if is_email(text) => None,
            TextFormat::Email => Some("give an address like `name@example.org`"),
            TextFormat::Url if is_url(text) => None,
            TextFormat::Url => Some("give an address that begins with `http://` or `https://`"),
        }
    }
}

/// One `@` with something before it and a name of a host after it.
fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else {
        return false;
    };
    !name.is_empty() && !has_blanks(text) && !host.contains('@') && is_host(host)
}

/// A scheme of the web, a host, and anything but blanks after it.
fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or(text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    host.is_some_and(|host| !host.is_empty()) && !has_blanks(text)
}

fn is_host(host: &str) -> bool {
    host.split('.').all(|part| !part.is_empty())
}

fn has_blanks(text: &str) -> bool {
    text.chars().any(|c| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: TextFormat, fit: &[&str], unfit: &[&str]) {
        for text in fit {
            assert_eq!(format.unmet(text), None, "{text}");
        }
        for text in unfit {
            assert!(format.unmet(text).is_some(), "{text}");
        }
    }

    #[test]
    fn addresses_are_told_from_other_texts() {
        check(
            TextFormat::Email,
            &["a@b", "first.last+tag@example.org"],
            &["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b..c", "a@b\n"],
        );
        check(
            TextFormat::Url,
            &[
                "http://localhost:80",
                "https://example.org/a?b=c#d",
                "https://[::1]/",
            ],
            &[
                "",
                "example.org",
                "ftp://a",
                "http://",
                "http:///a",
                "https://a b",
                "javascript:1",
            ],
        );
    }
}
