//! The command that a refusal names is the one that works.

use std::{path::Path, process::Command};

use planguard::sim::{Ladder, Provider};

use crate::{
    desk::{Desk, Ran, bare, ran},
    guarded::{ask, guard},
};

/// What a shell makes of `command`, as a refusal prints it, once a person has
/// put their name and words into it. It runs elsewhere, without a variable.
fn typed(desk: &Desk, command: &str) -> Ran {
    let command = command.replace("NAME", "'Ada Lovelace'").replace("TEXT", "'stopped the job'");
    let mut path = vec![Path::new(env!("CARGO_BIN_EXE_planguard")).parent().unwrap().to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{command} --no-terminal")).current_dir("/");
    shell.env("PATH", std::env::join_paths(path).unwrap()).env_remove("PLANGUARD_LEDGER");
    shell.env("HOME", desk.folder.path()).env("XDG_STATE_HOME", desk.folder.path().join("state"));
    ran(shell)
}

#[tokio::test]
async fn the_command_in_a_refusal_is_the_one_that_works() {
    // A place that a shell takes apart unless it is quoted.
    let desk = Desk::new();
    let path = desk.folder.path().join("it's a $HOME").join("ledger.jsonl");
    let provider = Provider::builder().mode(Ladder::at_request(1)).build();
    let plan = guard(&path);
    let refused = ask(&plan, &provider).await.unwrap_err();
    let command = refused.release().unwrap().to_owned();
    assert!(refused.to_string().contains(&command), "{refused}");
    let ran = typed(&desk, &command);
    ran.says(0, &["Released", "zai/team"]);
    assert_eq!(plan.ledger().await.unwrap()[0].1.halts, []);
    // What the ladder says next reaches the caller: the call has left.
    let _ = ask(&plan, &provider).await;
    assert_eq!(provider.tally("tester").total, 2);
}

#[test]
fn the_command_for_the_ledger_of_this_login_names_no_place() {
    let desk = Desk::new();
    let home = desk.folder.path();
    let halt = ran(bare(home, &["halt", "zai/team", "--by", "A", "--note", "n", "--json"]));
    let halt: serde_json::Value = serde_json::from_str(&halt.out).unwrap();
    let command = halt["halt"]["release"].as_str().unwrap();
    let usual = !cfg!(target_os = "macos");
    assert_eq!(usual, !command.contains("--ledger"), "{command}");
    typed(&desk, command).says(0, &["Released"]);

    // Where a variable names it, the next shell may not have that variable.
    let place = home.join("other.jsonl");
    let mut command = bare(home, &["halt", "zai/team", "--by", "A", "--note", "n", "--json"]);
    command.env("PLANGUARD_LEDGER", "other.jsonl").current_dir(home);
    let halt: serde_json::Value = serde_json::from_str(&ran(command).out).unwrap();
    let command = halt["halt"]["release"].as_str().unwrap();
    assert!(command.ends_with(&format!(" --ledger '{}'", place.display())), "{command}");
    typed(&desk, command).says(0, &["Released"]);
}
