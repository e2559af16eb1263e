//! A ledger in a file.

use std::path::Path;

use planguard::ledger::file::{Examined, Locking, SCHEMA, Spot, examine as look};

use super::{Findings, Grade};

/// Others may write.
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// Only the owner of what is in it may replace it, as in `/tmp`.
const STICKY: u32 = 0o1000;
/// Others may read or write.
const OPEN_TO_OTHERS: u32 = 0o077;

pub fn examine(path: &Path, findings: &mut Findings) {
    let found = match look(path) {
        Ok(found) => found,
        Err(trouble) => return findings.add(Grade::Broken, "place", trouble.to_string()),
    };
    folder(&found, findings);
    file(&found, findings);
    lock(&found, findings);
    if let Some(torn) = &found.torn {
        let what = format!(
            "{} holds the bytes of lines whose writer was killed; read it, then remove it",
            torn.display()
        );
        findings.add(Grade::Warning, "torn", what);
    }
    if let Some(left) = &found.left_over {
        let what = format!(
            "{} is left of a writing anew that was cut off, or is under way; the next one replaces it",
            left.display()
        );
        findings.add(Grade::Warning, "left over", what);
    }
    content(&found, findings);
}

fn folder(found: &Examined, findings: &mut Findings) {
    let spot = &found.folder;
    let there = if found.has_folder { "is there" } else { "would be made in it" };
    match &spot.locked_away {
        Some(why) => findings.add(Grade::Broken, "folder", cannot_write(spot, why)),
        None if spot.mode.is_some_and(|mode| {
            found.has_folder && mode & WRITABLE_BY_OTHERS != 0 && mode & STICKY == 0
        }) =>
        {
            let what = format!("{} lets others replace the ledger: chmod go-w", shown(spot));
            findings.add(Grade::Warning, "folder", what);
        }
        None => findings.add(Grade::Ok, "folder", format!("{} {there}", shown(spot))),
    }
}

fn file(found: &Examined, findings: &mut Findings) {
    let Some(spot) = &found.file else {
        let what = "there is none yet: the first program that opens it begins an empty one";
        return findings.add(Grade::Ok, "file", what);
    };
    match &spot.locked_away {
        Some(why) => findings.add(Grade::Broken, "file", cannot_write(spot, why)),
        None if spot.mode.is_some_and(|mode| mode & OPEN_TO_OTHERS != 0) => {
            let what = format!("{} is open to others: chmod 600", shown(spot));
            findings.add(Grade::Warning, "file", what);
        }
        None => findings.add(Grade::Ok, "file", format!("{} can be written", shown(spot))),
    }
}

fn lock(found: &Examined, findings: &mut Findings) {
    let path = found.lock.display();
    let (grade, what) = match &found.locking {
        Locking::Free => (Grade::Ok, format!("{path} can be had")),
        Locking::Absent => (Grade::Ok, format!("{path} is made by the first writer")),
        Locking::Held => {
            let what = format!(
                "{path} is held by another process, longer than a write takes: if it stays so, end or resume that program (fuser and lsof name it)"
            );
            (Grade::Warning, what)
        }
        Locking::Broken(why) => {
            (Grade::Broken, format!("{path} cannot be had ({why}): let this user write it"))
        }
        other => (Grade::Warning, format!("{path}: {other:?}")),
    };
    findings.add(grade, "lock", what);
}

fn content(found: &Examined, findings: &mut Findings) {
    match &found.content {
        None => {}
        Some(Err(trouble)) => findings.add(Grade::Broken, "content", trouble.to_string()),
        Some(Ok(content)) => {
            let (bytes, generation) = (content.bytes, content.generation);
            let what = format!(
                "schema {SCHEMA}, {bytes} bytes, written anew {} times",
                generation.saturating_sub(1)
            );
            findings.add(Grade::Ok, "content", what);
            if content.unfinished_bytes > 0 {
                let what = format!(
                    "the last line ({} bytes) has no end: a writer is at it, or was killed; the next one mends it",
                    content.unfinished_bytes
                );
                findings.add(Grade::Warning, "content", what);
            }
            findings.add_accounts(&content.records);
        }
    }
}

fn cannot_write(spot: &Spot, why: &str) -> String {
    format!(
        "{} cannot be written by this user ({why}): let them, or choose another place",
        shown(spot)
    )
}

/// As in `/home/ada/.local/state/planguard (mode 0700)`.
fn shown(spot: &Spot) -> String {
    let mode = spot.mode.map(|mode| format!(" (mode {mode:04o})")).unwrap_or_default();
    format!("{}{mode}", spot.path.display())
}
