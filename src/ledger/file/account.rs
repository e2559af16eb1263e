//! The accounts of a file, each read when somebody asks for it: a program
//! asks for its own, and a file may hold ten thousand.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{
    line::{self, Said},
    trouble::FileTrouble,
};
use crate::{account::Account, ledger::Record};

/// What the lines say, by account.
#[derive(Debug, Default)]
pub(super) struct Accounts(BTreeMap<Account, Kept>);

#[derive(Debug, Default)]
struct Kept {
    record: Record,
    /// What has to be folded in, and the number of each line.
    unread: Vec<(u64, Bytes)>,
}

impl Accounts {
    /// Takes in line `number`, about whomever.
    pub(super) fn add(&mut self, bytes: Bytes, number: u64) -> Result<(), FileTrouble> {
        let account = line::account(&bytes, number)?;
        self.0.entry(account).or_default().unread.push((number, bytes));
        Ok(())
    }

    /// One account as it is.
    pub(super) fn get(&mut self, account: &Account) -> Result<Record, FileTrouble> {
        let Some(kept) = self.0.get_mut(account) else { return Ok(Record::default()) };
        kept.read()?;
        Ok(kept.record.clone())
    }

    /// All of them.
    pub(super) fn all(
        &mut self,
    ) -> Result<impl Iterator<Item = (&Account, &Record)> + Clone, FileTrouble> {
        self.0.values_mut().try_for_each(Kept::read)?;
        Ok(self.0.iter().map(|(account, kept)| (account, &kept.record)))
    }
}

impl Kept {
    fn read(&mut self) -> Result<(), FileTrouble> {
        let read = self.unread.iter().map(|(number, bytes)| line::read(bytes, *number));
        let said: Vec<_> = read.collect::<Result<_, _>>()?;
        self.unread.clear();
        for said in said {
            match said {
                Said::Entry(entry) => self.record.fold(&entry),
                Said::Record(whole) => self.record = whole,
            }
        }
        Ok(())
    }
}
