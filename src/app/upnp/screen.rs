//! Where `upnp-probe` and `doctor` write: tables, colours, JSON lines and the language, by what is at the other end. Knows no
//! protocol and no devices.

use crate::app::lang::{Lang, language, locale};
use crate::model::text::Language;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use serde::Serialize;
use std::io::{self, BufRead, IsTerminal, Write};

/// Columns below which a table cannot be read, and what is taken instead.
const MIN_WIDTH: u16 = 40;
/// See [`MIN_WIDTH`].
const DEFAULT_WIDTH: u16 = 120;
/// Cells that the last column of a table should have at least, and those of a column that is never broken.
const LAST_COLUMN: usize = 12;
/// See [`LAST_COLUMN`].
const SHORT_COLUMN: u16 = 9;
/// SGR parameters: bold for names, yellow for problems, dim for detail.
const BOLD: &str = "1";
const YELLOW: &str = "33";

/// What standard output is, and how to speak there.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) struct Screen {
    pub(in crate::app) language: Language,
    /// Standard output is a terminal: tables and progress.
    pub(in crate::app) terminal: bool,
    /// Colours are wanted (`NO_COLOR`, no-color.org; a dumb terminal has none).
    colour: bool,
    boxes: bool,
}

impl Screen {
    pub(in crate::app) fn new(lang: Option<Lang>) -> Self {
        let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let terminal = io::stdout().is_terminal();
        let dumb = env("TERM").is_some_and(|term| term == "dumb");
        Self {
            language: language(lang),
            terminal,
            colour: terminal && !dumb && env("NO_COLOR").is_none(),
            boxes: draws_boxes(&locale("LC_CTYPE")),
        }
    }

    /// The same for what no colour may touch.
    pub(in crate::app) const fn without_colour(self) -> Self {
        Self { colour: false, ..self }
    }

    /// Writes to standard output. `| head` has seen enough: that is no error.
    pub(in crate::app) fn print(&self, text: &str) -> io::Result<()> {
        let text = if self.colour { paint(text) } else { text.to_owned() };
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            outcome => outcome,
        }
    }

    /// Writes a value as JSON: indented, or as one line of a stream.
    pub(in crate::app) fn json(&self, value: &impl Serialize, one_line: bool) -> anyhow::Result<()> {
        let mut text = if one_line { serde_json::to_string(value)? } else { serde_json::to_string_pretty(value)? };
        text.push('\n');
        Ok(self.without_colour().print(&text)?)
    }

    /// A table as wide as the terminal, or columns of plain text where there is none.
    pub(in crate::app) fn draw(&self, head: &[&str], rows: &[Vec<String>]) -> String {
        let mut table = Table::new();
        table.load_style(if self.boxes { presets::UTF8_FULL_CONDENSED } else { presets::ASCII_FULL_CONDENSED });
        table.set_content_arrangement(ContentArrangement::Dynamic).set_header(head.to_vec());
        table.add_rows(rows.iter().cloned());
        // Some terminals (serial lines, `script`) say they have no columns.
        if table.width().is_none_or(|width| width < MIN_WIDTH) {
            table.set_width(DEFAULT_WIDTH);
        }
        keep_widths(&mut table);
        format!("{table}\n")
    }
}

/// Lets short columns, and all but the last where that has room enough beside them, keep the width of what is in them:
/// a description may be broken into lines, a port or an address is not to be.
fn keep_widths(table: &mut Table) {
    let (Some(width), widest) = (table.width(), table.column_max_content_widths()) else { return };
    let Some((_, others)) = widest.split_last() else { return };
    // A border and two spaces a column, and the last border.
    let borders = 3 * widest.len() + 1;
    let taken = others.iter().map(|width| usize::from(*width)).sum::<usize>();
    let roomy = taken + borders + LAST_COLUMN <= usize::from(width);
    for (place, content) in others.iter().enumerate() {
        if (roomy || *content <= SHORT_COLUMN)
            && let Some(column) = table.column_mut(place)
        {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

/// Asks on standard error and reads the answer. `None`: nobody is there to ask.
pub(in crate::app) fn ask(question: &str) -> io::Result<Option<bool>> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(None);
    }
    let mut err = io::stderr().lock();
    write!(err, "{question}")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "はい")))
}

/// Names of gateways and devices, which begin a line, in bold; problems in yellow. The text has been made harmless
/// before: the only escape sequences in it are ours.
fn paint(text: &str) -> String {
    let mut painted = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches('\n');
        let code = if body.trim_start().starts_with("! ") {
            Some(YELLOW)
        } else if body.starts_with(|c: char| c.is_alphanumeric()) {
            Some(BOLD)
        } else {
            None
        };
        match code {
            Some(code) => {
                painted.push_str(&format!("\u{1b}[{code}m{body}\u{1b}[0m"));
                painted.push_str(&line[body.len()..]);
            }
            None => painted.push_str(line),
        }
    }
    painted
}

/// Box drawing characters are two cells wide in CJK terminals: there, and where the locale is not UTF-8, borders are
/// ASCII.
fn draws_boxes(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    let utf8 = locale.contains("utf-8") || locale.contains("utf8");
    utf8 && !["ja", "zh", "ko"].iter().any(|language| locale.starts_with(language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_follow_the_locale() {
        assert!(draws_boxes("en_US.UTF-8"));
        assert!(!draws_boxes("ja_JP.UTF-8"));
        assert!(!draws_boxes("C"));
        assert!(!draws_boxes(""));
    }

    #[test]
    fn names_and_problems_are_painted() {
        let text = paint("Router: 1\n  x\n  ! odd\n| cell |\n");
        assert_eq!(text, "\u{1b}[1mRouter: 1\u{1b}[0m\n  x\n\u{1b}[33m  ! odd\u{1b}[0m\n| cell |\n");
    }
}
