//! Archives of files in the order in which they come: what any `tar` unpacks.
//!
//! Names and sizes that the old header has no room for stand in a header of their own before it (the `pax`
//! form).

/// All is in blocks of so many bytes.
const BLOCK: usize = 512;

/// A name of up to so many bytes fits the old header.
const NAME_BYTES: usize = 100;

/// A size from here on does not fit its eleven octal digits.
const SIZE_END: u64 = 1 << 33;

/// A file in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Relative, with `/` between its parts.
    pub name: &'a str,
    /// How many bytes follow its header.
    pub size: u64,
    /// When it was changed last, in seconds since 1970 began.
    pub changed_secs: u64,
}

impl Entry<'_> {
    /// What stands before the file's bytes.
    pub fn header(&self) -> Vec<u8> {
        let mut header = Vec::with_capacity(BLOCK);
        let mut said = Vec::new();
        if self.name.len() > NAME_BYTES || !self.name.is_ascii() {
            said.extend(record("path", self.name));
        }
        if self.size >= SIZE_END {
            said.extend(record("size", &self.size.to_string()));
        }
        if !said.is_empty() {
            let size = said.len() as u64;
            header.extend(block("PaxHeader", size, self.changed_secs, b'x'));
            header.extend(&said);
            header.extend(padding(size));
        }
        let plain: Vec<_> = self.name.bytes().filter(u8::is_ascii).collect();
        let plain = String::from_utf8_lossy(&plain[..plain.len().min(NAME_BYTES)]);
        let size = if self.size < SIZE_END { self.size } else { 0 };
        header.extend(block(&plain, size, self.changed_secs, b'0'));
        header
    }

    /// What stands behind them.
    pub fn padding(&self) -> &'static [u8] {
        padding(self.size)
    }

    /// How many bytes it takes in all.
    pub fn len(&self) -> u64 {
        self.header().len() as u64 + self.size + self.padding().len() as u64
    }

    /// Never: there is a header at least.
    pub const fn is_empty(&self) -> bool {
        false
    }
}

/// What stands at the end of an archive.
pub const END: &[u8] = &[0; 2 * BLOCK];

fn padding(size: u64) -> &'static [u8] {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or(0);
    &END[..(BLOCK - over) % BLOCK]
}

/// `23 path=a/b\n`, where the number counts itself.
fn record(key: &str, value: &str) -> Vec<u8> {
    let rest = format!(" {key}={value}\n");
    let mut len = rest.len();
    while len.to_string().len() + rest.len() != len {
        len = len.to_string().len() + rest.len();
    }
    format!("{len}{rest}").into_bytes()
}

fn block(name: &str, size: u64, changed_secs: u64, kind: u8) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    let changed = changed_secs.min(SIZE_END - 1);
    put(136, format!("{changed:011o}\0").as_bytes());
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, size: u64) -> Entry<'_> {
        Entry {
            name,
            size,
            changed_secs: 1_795_000_000,
        }
    }

    #[test]
    fn a_record_counts_itself() {
        let check = |value: &str, expected: &str| {
            assert_eq!(String::from_utf8(record("path", value)).unwrap(), expected);
        };
        check("a", "9 path=a\n");
        check(&"x".repeat(90), &format!("99 path={}\n", "x".repeat(90)));
        check(&"x".repeat(91), &format!("101 path={}\n", "x".repeat(91)));
    }

    #[test]
    fn all_is_in_whole_blocks() {
        let check = |name: &str, size: u64, header: usize, padding: usize| {
            let entry = entry(name, size);
            assert_eq!(entry.header().len(), header, "{name}");
            assert_eq!(entry.padding().len(), padding, "{size}");
            assert_eq!(entry.len() % 512, 0);
        };
        check("a", 0, 512, 0);
        check("a", 1, 512, 511);
        check("a", 512, 512, 0);
        check(&"n".repeat(100), 3, 512, 509);
        check(&"n".repeat(101), 3, 1536, 509);
        check("é", 3, 1536, 509);
        check("a", 1 << 33, 1536, 0);
    }
}
