//! Building HTML: markup of our own goes in by `raw`, everything else by `text`, which escapes it.

/// A document being written.
#[derive(Debug, Default)]
pub(in crate::view) struct Html(String);

impl Html {
    pub(in crate::view) fn new() -> Self {
        Self(String::with_capacity(8 << 10))
    }

    /// Markup of this program's own; never anything that came from outside.
    pub(in crate::view) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Any text: what could be markup is escaped, control characters that could hide or turn text are dropped.
    pub(in crate::view) fn text(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // Bidirectional overrides and isolates (Unicode TR 9) turn what follows around.
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
                letter if letter.is_control() && letter != '\n' => {}
                letter => self.0.push(letter),
            }
        }
        self
    }

    /// Markup that another document of this kind has finished.
    pub(in crate::view) fn written(&mut self, markup: &str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    pub(in crate::view) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_called_script_stays_text() {
        let mut html = Html::new();
        html.raw("<b>").text("<script>alert('x')</script>\u{202e}\"&").raw("</b>");
        assert_eq!(html.finish(), "<b>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;</b>");
    }
}
