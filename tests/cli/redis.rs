//! The command on a shared ledger.

use serde_json::json;

use crate::{
    desk::{Desk, now},
    server::Server,
};

#[test]
fn the_release_command_of_a_shared_ledger_works_and_holds_no_password() {
    let Some(server) = Server::with(&["--requirepass", "hunter2"]) else { return };
    let desk = Desk::new();
    let secret = format!("redis://:hunter2@127.0.0.1:{}", server.port);
    let run = |args: &[&str]| {
        let mut command = desk.command(args);
        command.env("PLANGUARD_LEDGER", &secret);
        crate::desk::ran(command)
    };
    let halt =
        run(&["halt", "zai/ada", "--by", "Ada", "--note", "n", "--prefix", "it's", "--json"]);
    assert_eq!(halt.code, 0, "{halt:?}");
    let told: serde_json::Value = serde_json::from_str(&halt.out).unwrap();
    let command = told["halt"]["release"].as_str().unwrap();
    let place = format!("--ledger 'redis://127.0.0.1:{}/0' --prefix 'it'\\''s'", server.port);
    assert!(command.ends_with(&place), "{command}");
    run(&["list", "--prefix", "it's"]).says(3, &["zai/ada"]);
    run(&["list"]).says(0, &["No account was ever halted"]);
    // As a shell would take it apart.
    let id = told["halt"]["id"].as_str().unwrap();
    let address = format!("redis://127.0.0.1:{}/0", server.port);
    let args = ["acknowledge", id, "--by", "Ada", "--note", "n", "--no-terminal"];
    let named = ["--ledger", &address, "--prefix", "it's"];
    let ran = run(&[&args[..], &named].concat());
    ran.says(0, &["Released"]);
    assert!(!format!("{halt:?}{ran:?}").contains("hunter2"));
    let mut stranger = desk.command(&[&args[..], &named].concat());
    stranger.env_remove("PLANGUARD_LEDGER");
    crate::desk::ran(stranger).says(6, &["correct the user and the password"]);
}

#[test]
fn doctor_writes_no_entry_to_a_server() {
    let Some(server) = Server::start() else { return };
    let desk = Desk::new();
    let run = |args: &[&str]| {
        let mut command = desk.command(args);
        command.env("PLANGUARD_LEDGER", server.url());
        crate::desk::ran(command)
    };
    let place = format!("ledger: redis://127.0.0.1:{}/0", server.port);
    run(&["doctor"]).says(0, &[&place, "it can be read and written", "0, with 0 open halts"]);
    let keys: Vec<String> = now(server.does("KEYS *"));
    assert_eq!(keys, ["planguard:schema"]);
    assert_eq!(std::fs::read_dir(desk.folder.path()).unwrap().count(), 0);
    run(&["halt", "zai/ada", "--by", "Ada", "--note", "n"]).says(0, &[]);
    let () = now(server.does("CONFIG SET maxmemory 1"));
    run(&["doctor"]).says(6, &["has reached its `maxmemory`", "profile   zai"]);
    let () = now(server.does("CONFIG SET maxmemory 0"));
    run(&["doctor"]).says(0, &["1, with 1 open halts"]);
    let watch = run(&["watch", "--once", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&watch.out).unwrap();
    assert_eq!((&told["what"], &told["account"]), (&json!("halted"), &json!("zai/ada")));
}
