//! `list` and `show` tell how every account stands.

use serde_json::json;

use crate::desk::{Desk, halted, millis, signal};

const MIN: u64 = 60_000;

/// One account in each standing.
fn all_standings() -> Desk {
    let desk = Desk::begun();
    let now = millis();
    desk.halted("latched", "h-latch", json!({ "since": now - 185 * MIN }));
    let hold = |test: bool| {
        json!({
            "kind": "hold", "strike": null, "signal": signal("quota_exhausted", "used up"),
            "phase": {"is": "held", "until": now + 12 * MIN + 30_000, "test": test},
        })
    };
    desk.halted("held", "h-hold", hold(false));
    desk.halted("tested", "h-test", hold(true));
    let probation = |phase| {
        json!({
            "kind": "probation", "strike": "suspected", "signal": signal("policy_throttle", ""),
            "phase": phase,
        })
    };
    let until = now + 45 * MIN + 30_000;
    desk.halted("cooling", "h-cool", probation(json!({"is": "cooling", "until": until})));
    let trial = json!({"is": "trial", "holder": "p", "until": until});
    desk.halted("tried", "h-trial", probation(trial));
    desk.halted("watched", "h-watch", probation(json!({"is": "watching", "since": now})));
    desk.record_at(
        now,
        "seen",
        planguard::ledger::Fact::Observed {
            signal: serde_json::from_value(signal("policy_violation", "seen in report")).unwrap(),
        },
    );
    // Not an account: when the profile's notice was shown.
    desk.record_at(now, "notice", planguard::ledger::Fact::NoticeShown);
    desk
}

#[test]
fn the_table_has_a_row_for_each_account_and_halt() {
    let desk = all_standings();
    desk.halted("held", "h-second", json!({ "reach": "endpoint" }));
    let ran = desk.run(&["list"]);
    assert_eq!((ran.code, ran.err.as_str()), (3, ""));
    for (name, standing, id, strikes, ends) in [
        ("latched", "latch", "h-latch", "1 confirmed, 0 suspected, limit 3", "a person"),
        ("held", "hold", "h-hold", "1 confirmed, 0 suspected", "(in 12 min)"),
        ("held", "latch", "h-second", "1 confirmed, 0 suspected", "a person"),
        ("tested", "hold", "h-test", "0 confirmed, 0 suspected", "by one request that tests it"),
        ("cooling", "cooling", "h-cool", "0 confirmed, 1 suspected", "(in 45 min), by one coding"),
        ("tried", "trial", "h-trial", "0 confirmed, 1 suspected", "the request that tests it"),
        ("watched", "watching", "h-watch", "0 confirmed, 1 suspected", "one more request"),
        ("seen", "open", "", "0 confirmed, 0 suspected, limit 3", ""),
    ] {
        let is_it = |row: &&str| row.contains(&format!("zai/{name} ")) && row.contains(id);
        let row = ran.out.lines().find(is_it).unwrap_or_else(|| panic!("{name}: {}", ran.out));
        for cell in [standing, strikes, ends] {
            assert!(row.contains(cell), "{cell}: {row}");
        }
    }
    ran.says(3, &["(3 h ago)", "7 known, 6 halted", "planguard acknowledge h-latch --by NAME"]);
    ran.says(3, &["h-hold: wait; acknowledge if it is settled earlier."]);
    assert!(!ran.out.contains("notice"), "{}", ran.out);
}

#[test]
fn programs_get_the_same_as_json() {
    let desk = all_standings();
    let list = desk.json(3, &["list"]);
    assert_eq!(list["ledger"], json!(desk.path()));
    assert_eq!(list["halted"], 6);
    let accounts = list["accounts"].as_array().unwrap();
    let names: Vec<_> = accounts.iter().map(|one| one["account"].as_str().unwrap()).collect();
    let halted =
        ["zai/cooling", "zai/held", "zai/latched", "zai/tested", "zai/tried", "zai/watched"];
    assert_eq!(names, [&halted[..], &["zai/seen"]].concat());
    let latched = &accounts[2];
    assert_eq!(latched["strikes"], json!({"confirmed": 1, "suspected": 0, "limit": 3}));
    let halt = &latched["halts"][0];
    for (key, value) in [
        ("id", json!("h-latch")),
        ("standing", json!("latch")),
        ("code", json!("1313")),
        ("message", json!("Fair Usage Policy")),
        ("endpoint", json!("api.z.ai/api/coding")),
        ("until", json!(null)),
    ] {
        assert_eq!(halt[key], value, "{halt}");
    }
    assert!(accounts[1]["halts"][0]["until"].as_str().unwrap().ends_with('Z'));
    assert_eq!((&accounts[6]["halted"], &accounts[6]["halts"]), (&json!(false), &json!([])));
}

#[test]
fn nothing_halted_is_0() {
    let desk = Desk::begun();
    desk.run(&["list"]).says(0, &["No account was ever halted or struck"]);
    assert_eq!(desk.json(0, &["list"])["accounts"], json!([]));
    desk.halted("a", "h-a", json!({}));
    desk.run(&["acknowledge", "h-a", "--by", "Ada", "--note", "n", "--no-terminal"]).says(0, &[]);
    desk.run(&["list"]).says(0, &["zai/a", "open", "1 known, 0 halted"]);
    desk.run(&["show", "a"]).says(
        0,
        &["standing  open", "1 confirmed", "h-a  latch (policy_violation)", "released by Ada: n"],
    );
}

#[test]
fn show_has_the_provider_s_words_line_by_line() {
    let desk = Desk::begun();
    let words = "Your account breaks the Fair Usage Policy.\n违反公平使用政策";
    let mut said = signal("policy_violation", words);
    said["code"] = json!("1313");
    said["request_id"] = json!("req-9");
    desk.halted("ada", "h-a", json!({ "signal": said, "hits": 4 }));
    desk.run(&["show", "zai/ada"]).says(
        3,
        &[
            "account   zai/ada",
            "    | Your account breaks the Fair Usage Policy.\n    | 违反公平使用政策\n",
            "policy_violation, code 1313, status 429",
            "answers   4",
            "request   req-9",
            "stop what breaks its terms",
        ],
    );
    let shown = desk.json(3, &["show", "zai/ada"]);
    assert_eq!(shown["halts"][0]["message"], words);
    assert_eq!(shown["record"]["halts"][0]["signal"]["message"], words);
    assert_eq!(shown["released"], json!([]));
}

#[test]
fn show_tells_who_halted_and_the_last_chance() {
    let desk = Desk::begun();
    for n in 0..2 {
        desk.halted("ada", &format!("h-{n}"), json!({ "reach": "endpoint", "endpoint": n }));
    }
    let by = json!({ "signal": null, "strike": null, "by": {"name": "Bob", "note": "holiday"} });
    desk.record_at(millis(), "ada", halted("h-by", by));
    desk.run(&["show", "ada"]).says(3, &["halted by Bob", "holiday", "adds --last-chance"]);
}
