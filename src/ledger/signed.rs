//! Halts and releases are made by somebody, for a reason.

use super::Person;

/// How long a person's name, and their note, may be, in bytes.
pub const SIGNED_BYTES: usize = 8 * 1024;

/// Why a name and a note sign nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsigned {
    /// One of them is missing.
    #[error("{0} is empty: name the person and the reason")]
    Empty(&'static str),
    /// One of them is longer than [`SIGNED_BYTES`].
    #[error("{what} has {bytes} bytes, and at most {SIGNED_BYTES} are kept: shorten it")]
    TooLong {
        /// Which.
        what: &'static str,
        /// How long it is.
        bytes: usize,
    },
}

impl Person {
    /// `name`, who says `note`, both without blanks around them.
    ///
    /// # Errors
    ///
    /// [`Unsigned`] if one of them is empty or longer than [`SIGNED_BYTES`].
    pub fn signed(name: &str, note: &str) -> Result<Self, Unsigned> {
        Ok(Self::new(part("the person's name", name)?, part("the note", note)?))
    }
}

fn part<'t>(what: &'static str, text: &'t str) -> Result<&'t str, Unsigned> {
    match text.trim() {
        "" => Err(Unsigned::Empty(what)),
        text if text.len() > SIGNED_BYTES => Err(Unsigned::TooLong { what, bytes: text.len() }),
        text => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_note_sign_up_to_their_bound() {
        let longest = "n".repeat(SIGNED_BYTES);
        assert_eq!(Person::signed(" Ada\n", &longest), Ok(Person::new("Ada", longest.as_str())));
        let longer = format!("{longest}n");
        let error = Person::signed("Ada", &longer).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the note has 8193 bytes, and at most 8192 are kept: shorten it"
        );
        assert!(matches!(Person::signed(&longer, "n"), Err(Unsigned::TooLong { .. })));
        for (name, note) in [("", "n"), (" \n", "n"), ("Ada", ""), ("Ada", "\t")] {
            assert!(matches!(Person::signed(name, note), Err(Unsigned::Empty(_))));
        }
    }
}
