//! The profiles that come with the crate: a TOML file each, and one of its
//! fixtures beside it. Nothing outside of this folder knows a vendor.

use std::sync::OnceLock;

use super::{Profile, load};

/// A built-in profile as text.
struct Source {
    id: &'static str,
    name: &'static str,
    text: &'static str,
    fixtures_name: &'static str,
    fixtures: &'static str,
}

macro_rules! sources {
    ($($id:literal),* $(,)?) => {
        [$(Source {
            id: $id,
            name: concat!("builtin/", $id, ".toml"),
            text: include_str!(concat!($id, ".toml")),
            fixtures_name: concat!("builtin/", $id, ".fixtures.toml"),
            fixtures: include_str!(concat!($id, ".fixtures.toml")),
        }),*]
    };
}

const SOURCES: [Source; 14] = sources![
    "zai",
    "kimi-code",
    "alibaba-coding-plan",
    "opencode-go",
    "chatgpt-sign-in",
    "volcengine-ark",
    "anthropic-subscription",
    "google-code-assist",
    "chatgpt-codex",
    "minimax-token-plan",
    "tencent-coding-plan",
    "baidu-coding-plan",
    "ollama-cloud",
    "github-copilot",
];

static LOADED: [OnceLock<Profile>; SOURCES.len()] = [const { OnceLock::new() }; SOURCES.len()];

/// The Z.AI GLM Coding Plan, on `api.z.ai` and `open.bigmodel.cn`.
///
/// Parsed once a process; later calls clone an `Arc`. Its fixtures are parsed
/// and its regexes compiled when they are first needed.
pub fn zai() -> Profile {
    loaded(0)
}

/// Every built-in profile, the guarded ones first, then the tripwires, then
/// those that know the quota only. Each is parsed once a process.
pub fn all_built_in() -> Vec<Profile> {
    (0..SOURCES.len()).map(loaded).collect()
}

/// The built-in profile of that id. Parses no other.
pub fn built_in(id: &str) -> Option<Profile> {
    SOURCES.iter().position(|source| source.id == id).map(loaded)
}

/// The ids of the built-in profiles, in the order of [`all_built_in`].
pub fn built_in_ids() -> impl Iterator<Item = &'static str> {
    SOURCES.iter().map(|source| source.id)
}

fn loaded(index: usize) -> Profile {
    let profile = LOADED[index].get_or_init(|| {
        let Source { name, text, fixtures_name, fixtures, .. } = SOURCES[index];
        // Provably fine: the text is part of the crate, and a test loads it.
        load::embedded(name, text, fixtures_name, fixtures).expect("the built-in profile loads")
    });
    profile.clone()
}
