//! Which account is meant.

use serde_json::json;

use crate::desk::Desk;

fn three() -> Desk {
    let desk = Desk::begun();
    for name in ["bcdfgh", "bcdklm", "team"] {
        desk.halted(name, &format!("h-{name}"), json!({}));
    }
    desk
}

#[test]
fn the_full_name_the_name_or_a_beginning_is_enough() {
    let desk = three();
    for asked in ["zai/team", "team", "te", "zai/t"] {
        assert_eq!(desk.json(3, &["show", asked])["account"], "zai/team");
    }
}

#[test]
fn what_may_be_several_names_them_and_nothing_is_halted() {
    let desk = three();
    desk.run(&["show", "bcd"]).says(4, &["`bcd` may be any of zai/bcdfgh, zai/bcdklm"]);
    desk.run(&["halt", "zai/b", "--by", "Ada", "--note", "n"]).says(4, &["may be any of"]);
    assert_eq!(desk.json(4, &["show", "bcd"])["error"], "unknown");
    assert_eq!(desk.json(3, &["list"])["accounts"].as_array().unwrap().len(), 3);
}

#[test]
fn who_is_unknown_is_told_so() {
    let desk = three();
    desk.run(&["show", "zai/nobody"]).says(4, &["is called `zai/nobody`", "planguard list"]);
    let halt = ["halt", "nobody", "--by", "Ada", "--note", "n"];
    desk.run(&halt).says(4, &["`nobody` names no account: expected `profile/name`"]);
}

#[test]
fn an_account_that_was_never_seen_is_halted_by_its_full_name() {
    let desk = Desk::new();
    let halt = ["halt", "zai/new", "--by", "Ada", "--note", "before the first start"];
    desk.run(&halt).says(0, &["Halted zai/new", "had not seen zai/new before", "--by NAME"]);
    let known = desk.json(0, &["halt", "new", "--by", "Bob", "--note", "again"]);
    assert_eq!(known["known_before"], true);
    assert_eq!(desk.open_halts("new"), [known["halt"]["id"].as_str().unwrap()]);
    desk.run(&["show", "new"]).says(3, &["halted by Bob", "every endpoint of the provider"]);
}
