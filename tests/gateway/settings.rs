//! The configuration, and what is said where it is wrong.

use std::path::Path;

use crate::{
    app::App,
    capture::capture,
    config::{Config, NonCoding},
    desk::{config, secret},
    upstream::Upstream,
};

fn loaded(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, text).unwrap();
    Config::load(&file).map_err(|error| error.to_string())
}

async fn refused(config: &Config) -> String {
    match App::new(config).await {
        Ok(_) => panic!("it was taken"),
        Err(error) => error.to_string(),
    }
}

fn nowhere() -> Config {
    config(([127, 0, 0, 1], 9).into())
}

#[tokio::test]
async fn the_sample_is_good() {
    let sample = Config::load(Path::new("examples/gateway/gateway.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ledger = Some(folder.path().join("ledger.jsonl").display().to_string());
    let app = App::new(&Config { ledger, ..sample }).await.unwrap();
    let said = app.describe();
    assert!(
        said.contains("/ is zai (openai, responses, anthropic) with the clients' keys"),
        "{said}"
    );
    assert!(said.contains("other work: blocked"), "{said}");
}

#[test]
fn a_mistake_is_told_with_its_line() {
    for (text, line, what) in [
        ("listen = \"127.0.0.1:1\"\nlissten = 3\n", "line 2, column 1", "lissten"),
        ("listen = 12\n", "line 1, column 10", "invalid type"),
        ("[[upstream]]\nprofile = \"zai\"\nkey = \"sk-pasted\"\n", "line 3", "env:NAME"),
        ("\n\n[timeouts]\nidle_secs = -1\n", "line 4", "idle_secs = -1"),
        ("[[upstream]\n", "line 1", ""),
        ("max_body_mib = \"sk-pasted\"\n", "line 1", "invalid type"),
        ("non_coding = \"sk-pasted\"\n", "line 1", "unknown variant"),
    ] {
        let error = loaded(text).unwrap_err();
        assert!(error.contains(line), "{line}: {error}");
        if what != "idle_secs = -1" {
            assert!(error.contains(what), "{what}: {error}");
        }
        assert!(!error.contains("sk-pasted"), "{error}");
    }
}

/// `[[upstream]]` with this line instead of what is good.
fn upstream(line: &str) -> String {
    let good = "profile = \"zai\"\nopenai = \"https://api.z.ai/api/coding/paas/v4\"\n";
    let (key, _) = line.split_once(" = ").unwrap();
    let kept = good.lines().filter(|good| !good.starts_with(key)).collect::<Vec<_>>().join("\n");
    format!("[[upstream]]\n{kept}\n{line}\n")
}

#[tokio::test]
async fn a_setting_that_cannot_work_is_told_with_its_line() {
    let good = upstream("path = \"/\"");
    let elsewhere = "openai = \"https://api.example.com/v1\"";
    let no_secret = "\"env:PLANGUARD_NO_SUCH_VARIABLE\"";
    for (text, line, what) in [
        (format!("{good}# Another.\n{}", upstream(elsewhere)), 6, "guarded"),
        (upstream(elsewhere), 1, "guarded"),
        (format!("{good}{good}"), 5, "two upstreams have the path `/`"),
        (format!("{good}\n[timeouts]\nidle_secs = 0\n"), 7, "idle_secs"),
        (format!("\nwebhook = {no_secret}\n{good}"), 2, "is not set"),
        (format!("ledger = \"redis://127.0.0.1:1\"\n{good}"), 1, ""),
        (format!("\n\nnon_coding = \"reroute\"\n{good}"), 3, "[reroute]"),
        (format!("max_body_mib = 9223372036854775807\n{good}"), 1, "too large"),
        (
            format!("non_coding = \"reroute\"\n{good}[reroute]\nkey = {no_secret}\n"),
            6,
            "[reroute]: the variable",
        ),
        (
            format!("listen = \"0.0.0.0:1\"\n{}", upstream("key = \"env:PATH\"")),
            1,
            "other machines",
        ),
    ] {
        let error = refused(&loaded(&text).unwrap()).await;
        assert!(error.contains(&format!("gateway.toml, line {line}: ")), "{line}: {error}");
        assert!(error.contains(what), "{what}: {error}");
    }
}

#[tokio::test]
async fn what_stands_in_the_environment_is_not_told_with_a_line_of_the_file() {
    let text = format!("[timeouts]\nidle_secs = 0\n{}", upstream("path = \"/metrics\""));
    let mut config = loaded(&text).unwrap();
    for (key, variable) in [("timeouts.idle_secs", "X__IDLE"), ("upstream", "X_UPSTREAM")] {
        config.places.replace(key, variable.to_owned());
    }
    assert!(refused(&config).await.starts_with("X_UPSTREAM: upstream `/metrics`"));
    config.upstream[0].path = "/".to_owned();
    assert!(refused(&config).await.starts_with("X__IDLE: [timeouts]"));
}

#[tokio::test]
async fn a_key_that_others_may_read_is_refused_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "operator.secret").unwrap();
    let mut config = nowhere();
    config.upstream[0].key = Some(format!("file:{}", file.display()).try_into().unwrap());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = refused(&config).await;
        assert!(error.contains("chmod 600") && !error.contains("operator.secret"), "{error}");
    }
    config.upstream[0].key = Some("env:PLANGUARD_NO_SUCH_VARIABLE".to_owned().try_into().unwrap());
    assert!(refused(&config).await.contains("PLANGUARD_NO_SUCH_VARIABLE is not set"));
}

#[tokio::test]
async fn what_would_guard_nothing_or_share_a_key_is_refused() {
    let mut elsewhere = nowhere();
    elsewhere.upstream[0].openai = Some("https://api.example.com/v1".to_owned());
    let error = refused(&elsewhere).await;
    assert!(error.contains("nothing would be guarded") && error.contains("api.z.ai"), "{error}");

    let mut unknown = nowhere();
    unknown.upstream[0].profile = "nobody".to_owned();
    let error = refused(&unknown).await;
    assert!(error.contains("no built-in profile") && error.contains("zai"), "{error}");

    let mut open = nowhere();
    open.listen = ([0, 0, 0, 0], 8787).into();
    // A variable that every process has.
    open.upstream[0].key = Some("env:PATH".to_owned().try_into().unwrap());
    assert!(refused(&open).await.contains("other machines"));

    let mut metered = nowhere();
    metered.listen = ([0, 0, 0, 0], 8787).into();
    metered.reroute = Some(crate::config::Reroute {
        key: "env:PATH".to_owned().try_into().unwrap(),
        openai: None,
        responses: None,
        anthropic: None,
        models: Default::default(),
    });
    assert!(refused(&metered).await.contains("other machines"));

    let mut twice = nowhere();
    twice.upstream.push(twice.upstream[0].clone());
    assert!(refused(&twice).await.contains("two upstreams"));
    twice.upstream[1].path = "/metrics/x".to_owned();
    assert!(refused(&twice).await.contains("one of the gateway's own"));

    let mut other = nowhere();
    other.upstream[0].openai = Some("https://api.z.ai/api/anthropic".to_owned());
    assert!(refused(&other).await.contains("speaks anthropic"));

    let mut clear = nowhere();
    clear.upstream[0].via = None;
    clear.upstream[0].openai = Some("http://api.z.ai/api/coding/paas/v4".to_owned());
    assert!(refused(&clear).await.contains("https://"));

    let mut path = nowhere();
    path.upstream[0].via = Some("http://127.0.0.1:9/prefix".to_owned());
    assert!(refused(&path).await.contains("has no path"));

    let mut never = nowhere();
    never.timeouts.idle_secs = 0;
    assert!(refused(&never).await.contains("idle_secs"));

    let mut reroute = nowhere();
    reroute.non_coding = NonCoding::Reroute;
    assert!(refused(&reroute).await.contains("[reroute]"));

    let error = refused(&Config::default()).await;
    assert!(error.contains("[[upstream]]"), "{error}");

    let mut ledger = nowhere();
    ledger.ledger = Some("redis://127.0.0.1:1".to_owned());
    assert!(!refused(&ledger).await.is_empty());
}

#[test]
fn a_custom_profile_that_is_wrong_is_told_with_its_file_and_rule() {
    let error = crate::upstream::Upstream::new(&crate::config::Upstream {
        profile: "no-such.toml".to_owned(),
        ..nowhere().upstream[0].clone()
    });
    let error = error.err().expect("it is refused").to_string();
    assert!(error.contains("no-such.toml"), "{error}");
}

#[tokio::test]
async fn two_profiles_of_one_id_are_refused_since_one_would_guard_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["zai.toml", "zai.fixtures.toml"] {
        let text = std::fs::read_to_string(format!("src/profile/builtin/{name}")).unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let mut config = nowhere();
    let other = crate::config::Upstream {
        path: "/work".to_owned(),
        profile: folder.path().join("zai.toml").display().to_string(),
        ..config.upstream[0].clone()
    };
    config.upstream.push(other);
    let error = refused(&config).await;
    assert!(error.contains("both have the id `zai`"), "{error}");
}

fn upstream_of(profile: &str, surface: &str, base: &str) -> crate::config::Upstream {
    let base = |name| (name == surface).then(|| base.to_owned());
    crate::config::Upstream {
        path: "/".to_owned(),
        profile: profile.to_owned(),
        openai: base("openai"),
        responses: base("responses"),
        anthropic: base("anthropic"),
        key: None,
        via: None,
    }
}

#[test]
fn the_base_urls_of_the_built_in_plans_are_taken_as_clients_have_them() {
    for (profile, surface, base) in [
        ("zai", "responses", "https://api.z.ai/api/v1"),
        ("kimi-code", "anthropic", "https://api.kimi.com/coding"),
        ("opencode-go", "openai", "https://opencode.ai/zen/go/v1"),
        ("opencode-go", "responses", "https://opencode.ai/zen/go/v1"),
        ("opencode-go", "anthropic", "https://opencode.ai/zen/go"),
        ("github-copilot", "responses", "https://api.githubcopilot.com"),
        ("chatgpt-sign-in", "responses", "https://api.openai.com/v1"),
        ("anthropic-subscription", "anthropic", "https://api.anthropic.com"),
        ("minimax-token-plan", "anthropic", "https://api.minimax.io/anthropic"),
    ] {
        let error = crate::upstream::Upstream::new(&upstream_of(profile, surface, base)).err();
        assert!(error.is_none(), "{profile} {surface}: {}", error.unwrap());
    }
}

#[test]
fn a_client_does_not_choose_the_account_of_the_gateways_key() {
    let mut config = upstream_of("chatgpt-sign-in", "responses", "https://api.openai.com/v1");
    let folder = tempfile::tempdir().unwrap();
    config.key = Some(secret(&folder, "the-gateways-own"));
    let upstream = crate::upstream::Upstream::new(&config).unwrap();
    let request = http::Request::post("/responses")
        .header("authorization", "Bearer of-the-client")
        .header("chatgpt-account-id", "another");
    let route = crate::route::Route {
        surface: planguard::profile::Surface::Responses,
        rest: "/responses".to_owned(),
    };
    let request = request.body(axum::body::Body::empty()).unwrap();
    let request = upstream.prepare(&route, request).unwrap();
    assert!(!request.headers().contains_key("chatgpt-account-id"));
    assert!(!format!("{:?}", request.headers()).contains("of-the-client"));
}

/// The file of a profile `mine` in `folder`: the built-in one `id` with `changes`.
fn of_ones_own(folder: &tempfile::TempDir, id: &str, changes: &[(&str, &str)]) -> String {
    let its_id = format!("id = \"{id}\"\n");
    for name in [format!("{id}.toml"), format!("{id}.fixtures.toml")] {
        let text = std::fs::read_to_string(format!("src/profile/builtin/{name}")).unwrap();
        let text = text.replace(&its_id, "id = \"mine\"\n");
        let text = changes.iter().fold(text, |text, (from, to)| text.replace(from, to));
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder.path().join(format!("{id}.toml")).display().to_string()
}

#[tokio::test]
async fn two_profiles_on_one_place_are_refused_since_one_would_guard_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = nowhere();
    let other = crate::config::Upstream {
        path: "/work".to_owned(),
        profile: of_ones_own(&folder, "zai", &[]),
        ..config.upstream[0].clone()
    };
    config.upstream.push(other);
    let error = refused(&config).await;
    assert!(error.contains("`zai` and `mine` both claim"), "{error}");
}

#[tokio::test]
async fn two_profiles_that_a_key_tells_apart_may_share_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let changes = [("sk-ant-oat", "sk-ant-api"), ("\"tripwire\"", "\"guarded\"")];
    let own = of_ones_own(&folder, "anthropic-subscription", &changes);
    let upstream = |path: &str, profile: String| crate::config::Upstream {
        path: path.to_owned(),
        ..upstream_of(&profile, "anthropic", "https://api.anthropic.com")
    };
    let both = vec![upstream("/", "anthropic-subscription".to_owned()), upstream("/api", own)];
    App::new(&Config { upstream: both, ..nowhere() }).await.unwrap();
}

#[tokio::test]
async fn what_would_leave_this_machine_in_the_clear_is_warned_of() {
    for (via, warned) in [
        ("http://127.0.0.1:9100", 0),
        ("http://[::1]:9100", 0),
        ("http://localhost:9100", 0),
        ("https://egress.example", 0),
        ("http://egress.example:9100", 1),
        ("http://10.0.0.7", 1),
    ] {
        let (lines, _capturing) = capture();
        let mut config = nowhere();
        config.upstream[0].via = Some(via.to_owned());
        Upstream::new(&config.upstream[0]).unwrap();
        assert_eq!(lines.with(&["WARN", via, "in the clear"]).len(), warned, "{via}");
    }
}
