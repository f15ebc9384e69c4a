//! Which row of a list is chosen, and which are seen.

/// Which row of a list is chosen, and which is the first that is seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) at: usize,
    pub(crate) top: usize,
}

/// Rows that were asked for, once or again.
#[derive(Debug)]
pub(crate) struct Listing<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) cursor: Cursor,
    /// Why there are none; empty while nobody answered yet.
    pub(crate) problem: Option<String>,
    pub(crate) is_known: bool,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            cursor: Cursor::default(),
            problem: None,
            is_known: false,
        }
    }
}

impl<T> Listing<T> {
    /// Takes what was answered. What was known before stays when the place does not answer.
    pub(crate) fn take(&mut self, answer: Result<Vec<T>, String>) {
        self.is_known = true;
        match answer {
            Ok(rows) => {
                self.rows = rows;
                self.problem = None;
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    pub(crate) fn selected(&self) -> Option<&T> {
        self.rows.get(self.cursor.at)
    }
}

impl Cursor {
    /// Moves by rows; stops at the ends.
    pub(crate) fn step(&mut self, by: isize, len: usize) {
        self.at = self.at.saturating_add_signed(by).min(len.saturating_sub(1));
    }

    pub(crate) const fn jump(&mut self, to: usize) {
        self.at = to;
    }

    /// Turns the wheel: what is seen moves, and the chosen row with it where it must.
    pub(crate) fn roll(&mut self, by: isize, len: usize, height: usize) {
        let last = len.saturating_sub(height);
        self.top = self.top.saturating_add_signed(by).min(last);
        let bottom = self.top + height.saturating_sub(1);
        self.at = self
            .at
            .clamp(self.top, bottom.max(self.top))
            .min(len.saturating_sub(1));
    }

    /// Keeps the chosen row among those that are seen, and these within the list.
    pub(crate) fn settle(&mut self, len: usize, height: usize) {
        self.at = self.at.min(len.saturating_sub(1));
        let height = height.max(1);
        self.top = self.top.min(len.saturating_sub(height));
        if self.at < self.top {
            self.top = self.at;
        }
        if self.at >= self.top + height {
            self.top = self.at + 1 - height;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: (usize, usize), len: usize, height: usize, expected: (usize, usize)) {
        let mut cursor = Cursor {
            at: from.0,
            top: from.1,
        };
        cursor.settle(len, height);
        assert_eq!((cursor.at, cursor.top), expected);
    }

    #[test]
    fn the_chosen_row_is_seen() {
        check((0, 0), 0, 5, (0, 0));
        check((9, 0), 10, 5, (9, 5));
        check((2, 5), 10, 5, (2, 2));
        check((9, 9), 3, 5, (2, 0));
        check((3, 0), 10, 0, (3, 3));
    }

    #[test]
    fn the_wheel_takes_the_chosen_row_along() {
        let mut cursor = Cursor::default();
        cursor.roll(3, 100, 10);
        assert_eq!((cursor.at, cursor.top), (3, 3));
        cursor.roll(1000, 100, 10);
        assert_eq!((cursor.at, cursor.top), (90, 90));
        cursor.jump(99);
        cursor.roll(-1000, 100, 10);
        assert_eq!((cursor.at, cursor.top), (9, 0));
        cursor.roll(5, 0, 10);
        assert_eq!((cursor.at, cursor.top), (0, 0));
    }
}
