//! The wait of an answer for its strike to be written.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::{Sleep, sleep};

use super::{Cell, config::LEDGER_DEADLINE};
use crate::ledger::Written;

/// Resolves when the ledger has the strike, or has failed, or after 2 s.
pub(super) struct WriteWait {
    cell: Arc<Cell>,
    written: Written,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl WriteWait {
    pub(super) fn new(cell: Arc<Cell>, written: Written) -> Self {
        Self { cell, written, deadline: None }
    }
}

impl Future for WriteWait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Pin::new(&mut self.written).poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(LEDGER_DEADLINE)));
        std::task::ready!(deadline.as_mut().poll(cx));
        self.cell.unwritten_after(LEDGER_DEADLINE);
        Poll::Ready(())
    }
}
