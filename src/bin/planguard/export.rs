//! `planguard export`.

use planguard::{export::Document, ledger::Ledger};

use crate::{
    account,
    failure::{Exit, Failure},
    out::Out,
    text::line,
};

#[derive(clap::Args)]
pub struct Export {
    /// The id of the halt that the strike marks; it may be over.
    strike: String,
}

impl Export {
    pub async fn run(&self, ledger: &dyn Ledger, out: &Out) -> Result<Exit, Failure> {
        let all = account::all(ledger).await?;
        let Some(document) = Document::find(&all, &self.strike) else {
            let known = all.iter().flat_map(|(_, record)| {
                let kept = record.evidence.iter().map(|piece| &piece.halt);
                kept.chain(record.halts.iter().map(|halt| &halt.id))
            });
            let mut known: Vec<_> = known.map(|id| line(id)).collect();
            known.sort();
            known.dedup();
            let known = match known[..] {
                [] => "none".to_owned(),
                _ => known.join(", "),
            };
            let say = format!(
                "{} knows no halt `{}`; it knows {known}",
                ledger.place(),
                line(&self.strike)
            );
            return Err(Failure::new(Exit::Unknown, say));
        };
        out.document(|| document.to_json(), || document.to_markdown())?;
        Ok(Exit::Done)
    }
}
