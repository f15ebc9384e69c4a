//! Samples: one JSON object a line.

use std::io::{self, Read};

/// How much is read at once.
const READ_BYTES: usize = 1 << 20;

/// What a file of samples holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dataset {
    /// Lines that are not blank: one sample each.
    pub samples: u64,
    /// All bytes that were read.
    pub bytes: u64,
    /// Lines that cannot be a JSON object. They are counted as samples, too, as others count them.
    pub broken: Option<Broken>,
}

/// Lines that do not begin with `{` and end with `}`.
///
/// That is the check which keeps up with a disk; an object that is broken inside is not noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// How many.
    pub lines: u64,
    /// The first one; counted from 1.
    pub first: u64,
}

impl Dataset {
    /// Reads all of it, in bounded memory however long a line is.
    pub fn read(mut from: impl Read) -> io::Result<Self> {
        let mut counting = Counting::default();
        let mut buffer = vec![0; READ_BYTES];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => return Ok(counting.finish()),
                Ok(count) => counting.take(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The count so far, and the line that goes on.
#[derive(Default)]
struct Counting {
    found: Dataset,
    line: u64,
    /// The first and the last byte of the line that are not blank.
    ends: Option<(u8, u8)>,
}

impl Counting {
    fn take(&mut self, bytes: &[u8]) {
        self.found.bytes += bytes.len() as u64;
        let mut rest = bytes;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            self.go_on(&rest[..at]);
            self.end_line();
            rest = &rest[at + 1..];
        }
        self.go_on(rest);
    }

    fn go_on(&mut self, part: &[u8]) {
        let part = part.trim_ascii();
        if let (Some(first), Some(last)) = (part.first(), part.last()) {
            let first = self.ends.map_or(*first, |(first, _)| first);
            self.ends = Some((first, *last));
        }
    }

    fn end_line(&mut self) {
        self.line += 1;
        let Some(ends) = self.ends.take() else {
            return;
        };
        self.found.samples += 1;
        if ends != (b'{', b'}') {
            let broken = self.found.broken.get_or_insert(Broken {
                lines: 0,
                first: self.line,
            });
            broken.lines += 1;
        }
    }

    fn finish(mut self) -> Dataset {
        self.end_line();
        self.found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives its bytes in parts of the given size.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(buffer.len());
            self.0.read(&mut buffer[..count])
        }
    }

    fn check(text: &str, samples: u64, broken: Option<(u64, u64)>) {
        let expected = Dataset {
            samples,
            bytes: text.len() as u64,
            broken: broken.map(|(lines, first)| Broken { lines, first }),
        };
        for size in [1, 3, usize::MAX] {
            let read = Dataset::read(Drip(text.as_bytes(), size)).unwrap();
            assert_eq!(read, expected, "{text:?} in parts of {size}");
        }
    }

    #[test]
    fn each_line_is_a_sample() {
        check("", 0, None);
        check("{}\n{}\n", 2, None);
        check("{}\n{}", 2, None);
        check("{\"a\": 1}\r\n\r\n  \n {} \n", 2, None);
    }

    #[test]
    fn lines_that_are_no_object_are_told() {
        check("{}\n[1]\n{}\nx", 4, Some((2, 2)));
        check("{\"a\": \"cut of", 1, Some((1, 1)));
        check("\n\n}{\n", 1, Some((1, 3)));
        check("\0\0\n{}", 2, Some((1, 1)));
    }

    proptest! {
        #[test]
        fn a_file_that_is_cut_anywhere_is_read(at in 0usize..60) {
            let whole = "{\"text\": \"one\"}\n{\"text\": \"two\"}\n{\"text\": \"three\"}\n";
            let cut = &whole.as_bytes()[..at.min(whole.len())];
            let read = Dataset::read(cut).unwrap();
            let lines = cut.split(|b| *b == b'\n').filter(|line| !line.is_empty()).count();
            prop_assert_eq!(read.samples, lines as u64);
            prop_assert!(read.broken.is_none_or(|broken| broken.lines == 1));
        }
    }
}
