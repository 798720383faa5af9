//! Telephone numbers as logs may show them: the last four digits of longer numbers are kept, the rest hidden.

use core::fmt;

/// Shows a number with all but its last four characters replaced by `*`. Numbers of up to four characters (agents,
/// internal numbers) are shown whole. Control characters never reach the log.
#[derive(Clone, Copy)]
pub struct Masked<'a>(pub &'a str);

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = self.0.chars().count().saturating_sub(4);
        self.0.chars().enumerate().try_for_each(|(at, c)| match c {
            _ if at < hidden => f.write_str("*"),
            c if c.is_control() => f.write_str("?"),
            c => write!(f, "{c}"),
        })
    }
}

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_shows_its_last_four_digits() {
        assert_eq!(Masked("+8613912345678").to_string(), "**********5678");
        assert_eq!(Masked("8001").to_string(), "8001");
        assert_eq!(Masked("80\n1").to_string(), "80?1");
    }
}
