//! What is written, and to whom.

use std::io::{self, Write as _};

use serde_json::{Value, json};

use crate::{
    failure::{Exit, Failure},
    text::{harmless, harmless_json},
};

/// Where answers go. Nothing that drives a terminal gets through.
pub struct Out {
    pub json: bool,
}

impl Out {
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Writes `text` for people, or `value` for programs.
    pub fn answer(
        &self,
        value: impl FnOnce() -> Value,
        text: impl FnOnce() -> String,
    ) -> io::Result<()> {
        self.document(|| value().to_string(), text)
    }

    /// The same for `json` that is text already.
    pub fn document(
        &self,
        json: impl FnOnce() -> String,
        text: impl FnOnce() -> String,
    ) -> io::Result<()> {
        let mut line = match self.json {
            true => harmless_json(&json()),
            false => harmless(&text()),
        };
        if !line.ends_with('\n') {
            line.push('\n');
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(line.as_bytes())?;
        stdout.flush()
    }

    /// Says something to the person beside the answer.
    pub fn aside(&self, text: &str) -> io::Result<()> {
        let mut stderr = io::stderr().lock();
        stderr.write_all(harmless(text).as_bytes())?;
        stderr.flush()
    }

    /// Tells why nothing came of it: programs read it where they read answers.
    pub fn failure(&self, failure: &Failure) -> io::Result<Exit> {
        let Failure { exit, message } = failure;
        if message.is_empty() {
            return Ok(*exit);
        }
        match self.json {
            true => {
                let error =
                    json!({ "error": exit.as_str(), "exit": *exit as u8, "message": message });
                self.answer(|| error, String::new)?;
            }
            false => self.aside(&format!("planguard: {message}\n"))?,
        }
        Ok(*exit)
    }
}
