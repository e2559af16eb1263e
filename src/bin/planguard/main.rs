//! The operator's command: what is halted, why, and how a person says "go on".
//!
//! Nothing is decided here: the rules are the library's. It prints no
//! credential, for there is none in a ledger.

mod account;
mod acknowledge;
mod doctor;
mod export;
mod failure;
mod halt;
mod list;
mod out;
mod place;
mod show;
mod text;
mod time;
mod view;
mod watch;

use std::{ffi::OsString, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use self::{
    failure::{Exit, Failure},
    out::Out,
    place::Place,
};

const EXIT_CODES: &str = "\
Exit codes:
  0  done; nothing is halted, where that is the question
  1  an error that is none of the others
  2  the command line is wrong
  3  something is halted (list, show)
  4  no such halt, strike or account, or the halt is over already
  5  refused: the account's last chance, too soon, or nobody at a terminal
  6  the ledger cannot be used

The ledger is the file or the redis:// address that --ledger names, else
PLANGUARD_LEDGER, else the file of this login. Times are in UTC.";

/// What planguard has halted, and how a person releases it.
#[derive(Parser)]
#[command(name = "planguard", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct Common {
    /// The ledger: a file, or a redis:// or rediss:// address. One without a
    /// password takes that of PLANGUARD_LEDGER, if it names the same server.
    #[arg(long, global = true, value_name = "PLACE")]
    ledger: Option<OsString>,
    /// How the keys of a ledger on Redis begin [default: planguard].
    #[arg(long, global = true, value_name = "PREFIX")]
    prefix: Option<String>,
    /// JSON instead of text: one object, or one on each line (watch).
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Every account: how it stands, its strikes, what comes next.
    List,
    /// Everything about one account, the provider's own words included.
    Show(show::Show),
    /// Releases a halt: the account may send again.
    Acknowledge(acknowledge::Acknowledge),
    /// Halts an account until a person releases it.
    Halt(halt::Halt),
    /// All that is known of one strike, as a page in Markdown for an appeal; as
    /// one document with --json.
    Export(export::Export),
    /// Tells what is halted, and then each change, until it is interrupted.
    Watch(watch::Watch),
    /// Says whether the ledger can be used, and how old the profiles are.
    /// Writes no entry and makes no file.
    Doctor,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let out = Out::new(cli.common.json);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(cli, &out)),
        Err(error) => Err(Failure::new(Exit::Failed, error)),
    };
    match done.or_else(|failure| out.failure(&failure)) {
        Ok(exit) => exit.into(),
        // Nobody reads any more.
        Err(_) => Exit::Failed.into(),
    }
}

async fn run(cli: Cli, out: &Out) -> Result<Exit, Failure> {
    let place = Place::of(cli.common.ledger, cli.common.prefix);
    match cli.command {
        Command::List => list::run(&*place?.open(out).await?, out).await,
        Command::Show(asked) => show::run(&*place?.open(out).await?, &asked, out).await,
        Command::Acknowledge(asked) => asked.run(&*place?.open(out).await?, out).await,
        Command::Halt(asked) => asked.run(&place?, out).await,
        Command::Export(asked) => asked.run(&*place?.open(out).await?, out).await,
        Command::Watch(asked) => asked.run(&*place?.open(out).await?, out).await,
        Command::Doctor => doctor::run(place, out).await,
    }
}
