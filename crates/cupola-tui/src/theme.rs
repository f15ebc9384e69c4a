//! What colours mean, and which a terminal has.

use ratatui::style::{Color, Modifier, Style};

/// Which colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// None, or none are wanted: bold, dim and reversed letters say it.
    None,
    /// The sixteen whose shades whoever owns the terminal chose.
    Sixteen,
    /// A fixed table of 256.
    Table,
    /// Any.
    True,
}

impl Colours {
    /// Told by the variables `NO_COLOR`, `COLORTERM` and `TERM`.
    pub fn told_by(no_color: Option<&str>, colorterm: Option<&str>, term: Option<&str>) -> Self {
        let (colorterm, term) = (colorterm.unwrap_or_default(), term.unwrap_or_default());
        if no_color.is_some_and(|text| !text.is_empty()) || term == "dumb" {
            Self::None
        } else if matches!(colorterm, "truecolor" | "24bit") || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") {
            Self::Table
        } else {
            Self::Sixteen
        }
    }
}

/// What is said by a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tone {
    /// Nothing.
    #[default]
    Plain,
    /// Beside the point.
    Dim,
    /// Ended well.
    Good,
    /// Went wrong.
    Bad,
    /// Goes on.
    Busy,
    /// Look at this.
    Warn,
    /// A key, a link, what is chosen among tabs.
    Accent,
    /// Headings.
    Strong,
    /// What a search found.
    Found,
}

/// The looks of each tone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Theme(Colours);

impl Theme {
    pub(crate) const fn new(colours: Colours) -> Self {
        Self(colours)
    }

    pub(crate) fn of(self, tone: Tone) -> Style {
        let plain = Style::new();
        match tone {
            Tone::Plain => plain,
            Tone::Dim => match self.0 {
                Colours::None => plain.add_modifier(Modifier::DIM),
                _ => plain.fg(self.colour(Color::DarkGray, 244, (128, 128, 128))),
            },
            Tone::Good => self.letters(Color::Green, 71, (95, 175, 95)),
            Tone::Bad => self
                .letters(Color::Red, 167, (224, 90, 90))
                .add_modifier(Modifier::BOLD),
            Tone::Busy => self.letters(Color::Cyan, 74, (90, 175, 215)),
            Tone::Warn => self.letters(Color::Yellow, 179, (215, 175, 95)),
            Tone::Accent => self
                .letters(Color::Cyan, 110, (135, 175, 215))
                .add_modifier(Modifier::BOLD),
            Tone::Strong => plain.add_modifier(Modifier::BOLD),
            Tone::Found => plain.add_modifier(Modifier::REVERSED),
        }
    }

    /// The row that keys act on.
    pub(crate) fn selected(self) -> Style {
        match self.0 {
            Colours::None | Colours::Sixteen => Style::new().add_modifier(Modifier::REVERSED),
            _ => Style::new().bg(self.colour(Color::Blue, 238, (48, 62, 84))),
        }
    }

    /// The first and last line of the screen.
    pub(crate) fn edge(self) -> Style {
        match self.0 {
            Colours::None => Style::new().add_modifier(Modifier::REVERSED),
            Colours::Sixteen => Style::new().fg(Color::White).bg(Color::DarkGray),
            _ => Style::new().bg(self.colour(Color::DarkGray, 236, (38, 42, 52))),
        }
    }

    /// One of the sixteen colours that a program wrote with.
    pub(crate) fn written(self, index: u8) -> Option<Color> {
        (self.0 != Colours::None).then_some(Color::Indexed(index))
    }

    /// A line of a chart among several.
    pub(crate) fn line(self, at: usize) -> Color {
        const LINES: [(Color, u8, (u8, u8, u8)); 4] = [
            (Color::Cyan, 74, (90, 175, 215)),
            (Color::Yellow, 179, (215, 175, 95)),
            (Color::Green, 71, (95, 175, 95)),
            (Color::Magenta, 139, (175, 135, 175)),
        ];
        let (low, index, rgb) = LINES[at % LINES.len()];
        match self.0 {
            Colours::None => Color::Reset,
            _ => self.colour(low, index, rgb),
        }
    }

    fn letters(self, low: Color, index: u8, rgb: (u8, u8, u8)) -> Style {
        match self.0 {
            Colours::None => Style::new(),
            _ => Style::new().fg(self.colour(low, index, rgb)),
        }
    }

    const fn colour(self, low: Color, index: u8, (red, green, blue): (u8, u8, u8)) -> Color {
        match self.0 {
            Colours::None | Colours::Sixteen => low,
            Colours::Table => Color::Indexed(index),
            Colours::True => Color::Rgb(red, green, blue),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(no_color: Option<&str>, colorterm: &str, term: &str, expected: Colours) {
        let told = Colours::told_by(no_color, Some(colorterm), Some(term));
        assert_eq!(told, expected, "{no_color:?} {colorterm} {term}");
    }

    #[test]
    fn colours_are_told_by_the_variables_of_a_terminal() {
        check(None, "truecolor", "xterm-256color", Colours::True);
        check(None, "", "xterm-256color", Colours::Table);
        check(None, "", "xterm-direct", Colours::True);
        check(None, "", "linux", Colours::Sixteen);
        check(None, "", "dumb", Colours::None);
        check(Some("1"), "truecolor", "xterm", Colours::None);
        check(Some(""), "truecolor", "xterm", Colours::True);
    }

    #[test]
    fn without_colours_none_is_used() {
        let theme = Theme::new(Colours::None);
        let tones = [
            Tone::Plain,
            Tone::Dim,
            Tone::Good,
            Tone::Bad,
            Tone::Busy,
            Tone::Warn,
            Tone::Accent,
            Tone::Strong,
            Tone::Found,
        ];
        let styles = tones.map(|tone| theme.of(tone));
        for style in styles.iter().chain(&[theme.selected(), theme.edge()]) {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
