//! The profiles that come with the crate.

use std::sync::OnceLock;

use super::{Profile, load};

/// The Z.AI GLM Coding Plan, on `api.z.ai` and `open.bigmodel.cn`.
///
/// Parsed once a process; later calls clone an `Arc`. Its fixtures are parsed
/// and its regexes compiled when they are first needed.
pub fn zai() -> Profile {
    static ZAI: OnceLock<Profile> = OnceLock::new();
    let profile = ZAI.get_or_init(|| {
        load::embedded(
            "builtin/zai.toml",
            include_str!("zai.toml"),
            "builtin/zai.fixtures.toml",
            include_str!("zai.fixtures.toml"),
        )
        // Provably fine: the text is part of the crate, and a test loads it.
        .expect("the built-in profile loads")
    });
    profile.clone()
}

/// Every built-in profile, by id.
pub fn all_built_in() -> Vec<Profile> {
    vec![zai()]
}

/// The built-in profile of that id.
pub fn built_in(id: &str) -> Option<Profile> {
    all_built_in().into_iter().find(|profile| profile.id() == id)
}
