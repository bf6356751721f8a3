//! The look of the program in one value: theme, colours at hand, characters at hand.

use anyhow::Result;
use ratatui::style::{Modifier, Style};
use ratatui::symbols::border;

use super::colour::Depth;
use super::theme::{Role, Theme};
use crate::findings::frame::Ground;

/// Borders of a terminal that shows ASCII only.
const ASCII_BORDERS: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// The same for the pane that the keys go to.
const ASCII_FOCUSED: border::Set<'static> = border::Set {
    horizontal_top: "=",
    horizontal_bottom: "=",
    ..ASCII_BORDERS
};

/// How everything is drawn: theme, colours at hand, characters at hand.
#[derive(Clone, Debug)]
pub struct Look {
    /// Which colour means what.
    pub theme: Theme,
    /// How many colours there are.
    pub depth: Depth,
    /// Whether to draw with ASCII characters only.
    pub ascii: bool,
}

impl Look {
    /// The look of a page: light, with all colours.
    ///
    /// # Errors
    /// When there is no such theme.
    pub fn page(ascii: bool) -> Result<Self> {
        Ok(Self {
            theme: Theme::named("light")?.clone(),
            depth: Depth::True,
            ascii,
        })
    }

    /// The style of `role`: 24-bit colours, or none at all where there are none to draw with.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        if !self.has_colours() {
            return Style::new().add_modifier(without_colours(role));
        }
        let paint = self.theme.paint(role);
        let style = Style::new()
            .fg(paint.fg.into())
            .add_modifier(with_colours(role));
        paint.bg.map_or(style, |bg| style.bg(bg.into()))
    }

    /// The style of the empty screen, with which a frame begins.
    #[must_use]
    pub fn base(&self) -> Style {
        if !self.has_colours() {
            return Style::new();
        }
        let ground = self.theme.ground;
        Style::new().fg(ground.fg.into()).bg(ground.bg.into())
    }

    /// Whether there are colours to draw with.
    #[must_use]
    pub fn has_colours(&self) -> bool {
        self.depth != Depth::None
    }

    /// Columns of eight heights, the lowest first.
    #[must_use]
    pub const fn heights(&self) -> [&'static str; 8] {
        match self.ascii {
            true => [".", ".", ":", ":", "-", "=", "+", "#"],
            false => ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        }
    }

    /// The characters of a pane's border.
    #[must_use]
    pub const fn borders(&self) -> border::Set<'static> {
        if self.ascii {
            ASCII_BORDERS
        } else {
            border::ROUNDED
        }
    }

    /// The characters of the border of the pane that the keys go to, told apart without colours.
    #[must_use]
    pub const fn focused_borders(&self) -> border::Set<'static> {
        if self.ascii {
            ASCII_FOCUSED
        } else {
            border::THICK
        }
    }

    /// Words as a terminal without such characters can show them.
    pub fn plain(&self, text: String) -> String {
        if !self.ascii || text.is_ascii() {
            return text;
        }
        let mut plain = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '→' => plain.push('>'),
                '±' => plain.push_str("+-"),
                '≥' => plain.push_str(">="),
                '≤' => plain.push_str("<="),
                '…' => plain.push('~'),
                '·' => plain.push('.'),
                c if c.is_ascii() => plain.push(c),
                _ => plain.push('?'),
            }
        }
        plain
    }

    /// `fancy`, or `plain` where only ASCII may be drawn.
    #[must_use]
    pub const fn pick(&self, fancy: &'static str, plain: &'static str) -> &'static str {
        if self.ascii { plain } else { fancy }
    }

    /// A bar that fills `fraction` (0 to 1) of `width` columns, padded with spaces to all of them.
    ///
    /// It is exact to an eighth of a column, or to a whole one in ASCII. NaN draws no bar.
    #[must_use]
    pub fn bar(&self, fraction: f64, width: u16) -> String {
        const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
        let width = usize::from(width);
        let columns = fraction.clamp(0.0, 1.0) * width as f64;
        let bar = if self.ascii {
            "=".repeat(columns.round() as usize)
        } else {
            let eighths = (columns * 8.0).round() as usize;
            let rest = EIGHTHS.get(eighths % 8).copied().unwrap_or_default();
            format!("{}{rest}", "█".repeat(eighths / 8))
        };
        format!("{bar:<width$}")
    }

    /// What the terminal's own colours are in a picture of a frame.
    #[must_use]
    pub fn ground(&self) -> Ground {
        Ground {
            fg: self.theme.ground.fg.into(),
            bg: self.theme.ground.bg.into(),
        }
    }
}

/// What sets a role apart beside its colour.
const fn with_colours(role: Role) -> Modifier {
    match role {
        Role::Title | Role::Focus | Role::Key | Role::Cursor => Modifier::BOLD,
        _ => Modifier::empty(),
    }
}

/// What sets a role apart where there are no colours.
const fn without_colours(role: Role) -> Modifier {
    match role {
        Role::Title | Role::Focus | Role::Key | Role::Warn => Modifier::BOLD,
        Role::Accent | Role::Patched => Modifier::UNDERLINED,
        Role::Bad => Modifier::BOLD.union(Modifier::UNDERLINED),
        Role::Cursor => Modifier::REVERSED.union(Modifier::BOLD),
        Role::Selection | Role::Header => Modifier::REVERSED,
        Role::Muted | Role::Stale => Modifier::DIM,
        Role::Text | Role::Border | Role::Good | Role::Footer | Role::Clean | Role::Corrupted => {
            Modifier::empty()
        }
    }
}
