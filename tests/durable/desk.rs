//! What the proofs share: who is started, who is called, what is counted.

use std::{fmt::Display, io::Write as _, path::Path, process::Command, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use planguard::{
    PlanGuard,
    ledger::Ledger,
    profile::zai,
    refusal::Refused,
    sim::{Answer, Provider},
};
use tokio::runtime::Runtime;
use tower::{Layer as _, ServiceExt as _};

use crate::process::command;

/// Names a child's part.
pub const ROLE: &str = "PLANGUARD_TEST_ROLE";
/// Names its ledger's file.
pub const FILE: &str = "PLANGUARD_TEST_FILE";

/// A child that plays `role` over the ledger in `file`.
pub fn child(role: &str, file: &Path) -> Command {
    let mut command = command(std::env::current_exe().unwrap(), "child");
    command.env(ROLE, role).env(FILE, file);
    command
}

/// In a child: its ledger's file.
pub fn file() -> std::ffi::OsString {
    std::env::var_os(FILE).unwrap()
}

/// `whole` if the whole proof is wanted, else `part`.
pub fn rounds(whole: usize, part: usize) -> usize {
    match std::env::var("PLANGUARD_PROOFS").as_deref() {
        Ok("whole") => whole,
        _ => part,
    }
}

/// Says `text` although the runner keeps what tests print.
pub fn tell(text: impl Display) {
    let _ = std::io::stderr().write_all(format!("\n{text}\n").as_bytes());
}

pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A guard over `ledger`, which it writes nothing to but halts.
pub fn guard(ledger: impl Ledger) -> planguard::Builder {
    PlanGuard::builder(zai()).ledger(ledger).on_notice(|_| {})
}

/// A provider that answers every request with `answer`, at once.
pub fn provider(answer: Answer) -> Provider {
    Provider::builder().mode(answer).latency(Duration::ZERO).pace(Duration::ZERO).build()
}

/// One that strikes each time: in the third frame of a stream, else at once.
pub fn striking() -> Provider {
    provider(Answer::mid_stream(2, 1313))
}

/// What a caller's answer brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brought {
    /// A completion.
    Good,
    /// The provider's enforcement, as a refusal or as a frame.
    Strike,
    /// A refusal of what was halted before.
    Refusal,
}

/// One request of the account `id`. Returns in the moment in which its caller
/// knows what it brought.
pub async fn ask(plan: &PlanGuard, provider: &Provider, id: &str, stream: bool) -> Brought {
    let request = Request::post("https://api.z.ai/api/coding/paas/v4/chat/completions")
        .header("authorization", format!("Bearer {id}.secret"))
        .header("user-agent", "planguard-tests/1")
        .body(Full::<Bytes>::from(format!(
            r#"{{"model":"glm-5.2","messages":[],"stream":{stream}}}"#
        )))
        .unwrap();
    let before = provider.tally(id).total;
    match plan.layer().layer(provider.service()).oneshot(request).await {
        Ok(response) => {
            let mut body = Response::into_body(response);
            while let Some(frame) = body.frame().await {
                let frame = frame.unwrap().into_data().unwrap_or_default();
                // In quotes, since an id may hold these digits.
                if frame.windows(6).any(|six| six == b"\"1313\"") {
                    return Brought::Strike;
                }
            }
            Brought::Good
        }
        Err(error) => {
            Refused::find(error.as_ref()).unwrap_or_else(|| panic!("{error}"));
            match provider.tally(id).total > before {
                true => Brought::Strike,
                false => Brought::Refusal,
            }
        }
    }
}

/// Numbers that differ from run to run.
pub struct Dice(u64);

impl Dice {
    pub fn new() -> Self {
        use std::hash::{BuildHasher as _, Hasher as _};
        Self(std::hash::RandomState::new().build_hasher().finish())
    }

    /// One of `0..sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % sides
    }
}
