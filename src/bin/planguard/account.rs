//! Which account is meant.

use planguard::{
    account::Account,
    ledger::{Ledger, Record},
};

use crate::{
    failure::{Exit, Failure},
    text::line,
};

/// Every account but those under which a ledger keeps when a profile's notice
/// was shown.
pub async fn all(ledger: &dyn Ledger) -> Result<Vec<(Account, Record)>, Failure> {
    let mut all = ledger.list().await?;
    all.retain(|(_, record)| !is_notice(record));
    Ok(all)
}

pub fn is_notice(record: &Record) -> bool {
    record.notice_shown.is_some() && record.epoch == 0
}

/// Whom `asked` may mean.
pub enum Meant<'a> {
    One(&'a (Account, Record)),
    Nobody,
    Several(Vec<&'a Account>),
}

/// The account that is called `asked`, `profile/name` or the name alone, or
/// else whose full name or name begins so.
pub fn meant<'a>(all: &'a [(Account, Record)], asked: &str) -> Meant<'a> {
    if let Some(exact) = all.iter().find(|(account, _)| account.as_str() == asked) {
        return Meant::One(exact);
    }
    let those = |is: &dyn Fn(&Account) -> bool| -> Vec<_> {
        all.iter().filter(|(account, _)| is(account)).collect()
    };
    let mut found = those(&|account| account.name() == asked);
    if found.is_empty() {
        found = those(&|account| {
            !asked.is_empty()
                && (account.as_str().starts_with(asked) || account.name().starts_with(asked))
        });
    }
    match found[..] {
        [] => Meant::Nobody,
        [one] => Meant::One(one),
        _ => Meant::Several(found.into_iter().map(|(account, _)| account).collect()),
    }
}

/// The one account that `asked` means.
pub fn find<'a>(
    all: &'a [(Account, Record)],
    asked: &str,
    place: &str,
) -> Result<&'a (Account, Record), Failure> {
    match meant(all, asked) {
        Meant::One(one) => Ok(one),
        Meant::Several(several) => Err(ambiguous(asked, &several)),
        Meant::Nobody => {
            let say = format!(
                "no account of {place} is called `{}`: `planguard list` names all that were ever halted or struck",
                line(asked)
            );
            Err(Failure::new(Exit::Unknown, say))
        }
    }
}

pub fn ambiguous(asked: &str, several: &[&Account]) -> Failure {
    let names: Vec<_> = several.iter().map(|account| line(account.as_str())).collect();
    let say = format!("`{}` may be any of {}: write more of it", line(asked), names.join(", "));
    Failure::new(Exit::Unknown, say)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &str) -> String {
        let names = ["acme/bcd", "zai/bcdfgh", "zai/bcdklm", "zai/team"];
        let all: Vec<_> = names
            .iter()
            .map(|name| (Account::try_from((*name).to_owned()).unwrap(), Record::default()))
            .collect();
        match meant(&all, name) {
            Meant::One((account, _)) => account.to_string(),
            Meant::Nobody => "nobody".to_owned(),
            Meant::Several(several) => several.len().to_string(),
        }
    }

    #[test]
    fn a_name_or_what_only_one_begins_with_is_enough() {
        for (name, expected) in [
            ("zai/bcdfgh", "zai/bcdfgh"),
            ("bcdfgh", "zai/bcdfgh"),
            ("zai/bcdf", "zai/bcdfgh"),
            ("te", "zai/team"),
            // Exactly one is called so, though others begin so.
            ("bcd", "acme/bcd"),
            ("zai/bcd", "2"),
            ("bc", "3"),
            ("zai", "3"),
            ("", "nobody"),
            ("gh", "nobody"),
        ] {
            assert_eq!(asked(name), expected, "{name}");
        }
    }
}
