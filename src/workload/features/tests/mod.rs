mod slow;

use proptest::prelude::*;

use super::{counts::Counts, token::tokens, *};

fn lexicon() -> &'static Lexicon {
    static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::built_in);
    &LEXICON
}

fn read(view: &View) -> Features {
    let mut features = Features::default();
    features.read(view, lexicon());
    features
}

fn view(newest: &str) -> View {
    around(newest, |_| ())
}

/// A view with more than the newest words.
fn around(newest: &str, more: impl FnOnce(&mut View)) -> View {
    let mut view = View::default();
    view.newest = newest.to_owned();
    more(&mut view);
    view
}

/// What can be compared of features.
fn told(features: &Features) -> (Vec<(u32, u32)>, Vec<u32>) {
    let hashed = features.hashed.iter().filter(|(_, value)| *value != 0.0);
    let hashed = hashed.map(|(index, value)| (*index, value.to_bits())).collect();
    (hashed, features.dense.iter().map(|value| value.to_bits()).collect())
}

fn check(features: &Features) {
    assert_eq!(features.dense.len(), DENSE);
    assert!(features.hashed.len() <= 2 * SLOTS.len() * SCRATCH / 2);
    assert!(features.hashed.iter().all(|(index, _)| (*index as usize) < HASHED));
    assert!(features.hashed.iter().all(|(_, value)| (0.0..=1.001).contains(value)));
    assert!(features.dense.iter().all(|value| (0.0..=64.0).contains(value)));
}

#[test]
fn an_empty_view_has_features() {
    let features = read(&View::default());
    check(&features);
    assert!(!features.hashed.is_empty());
    assert!(features.seen.is_empty() && features.structure.is_empty());
}

#[test]
fn a_text_without_words_has_features() {
    for text in
        [" ", "\n", "\t\r\n", "\u{200b}", "\u{fffd}", "\0", "=", "`", "``````", "\u{301}\u{301}"]
    {
        check(&read(&view(text)));
    }
}

/// Far beyond what a view's windows let through.
#[test]
fn no_text_is_too_long() {
    let different: String = (0..20_000).map(|n: u32| format!("w{}x{} ", n * 7_919, n)).collect();
    let letters: String = (0..20_000).filter_map(|n| char::from_u32(0x4e00 + n % 20_000)).collect();
    let texts = [
        "a", "a ", "`", ".", "/", "()", "0", "\u{4e2d}", "\n", "Error:", "at (\n", "a.b/",
        "\u{301}", "_A",
    ];
    let texts = texts.iter().map(|text| text.repeat(20_000)).chain([different, letters]);
    for text in texts {
        let features = read(&view(&text));
        check(&features);
        check(&read(&around("go on", |view| {
            view.earlier = vec![text.clone(); 2];
            view.result = text;
        })));
    }
}

#[test]
fn room_is_used_again_without_a_trace() {
    let mut features = Features::default();
    let views =
        [view("fix the parser in src/main.rs"), View::default(), view(&"poem ".repeat(900))];
    for view in views.iter().chain(views.iter().rev()) {
        features.read(view, lexicon());
        assert_eq!(told(&features), told(&read(view)));
    }
}

#[test]
fn the_session_counts_where_little_is_said() {
    let fixed = |view: &mut View| view.earlier = vec!["fix the parser".to_owned()];
    let session = |newest| around(newest, fixed);
    assert_ne!(told(&read(&session("go on"))), told(&read(&view("go on"))));
    let much = "write a long and tender poem about the rain that falls on the harbour in autumn, in four stanzas";
    assert_eq!(told(&read(&session(much))), told(&read(&view(much))));
}

#[test]
fn a_word_is_known_in_any_case_and_beside_any_mark() {
    for text in ["poem", "Poem", "a POEM!", "(poem)", "\"poem\"", "poem,poem", "\u{8bd7}poem"] {
        let seen = read(&view(text)).seen;
        assert_eq!(seen.iter().map(|term| term.text).collect::<Vec<_>>(), ["poem"], "{text}");
    }
    assert!(read(&view("poemlike mypoem po-em")).seen.is_empty());
}

#[test]
fn every_word_of_the_list_is_found_in_a_text() {
    let list = include_str!("../lexicon.txt").lines();
    let lines = list.filter(|line| !line.starts_with(['#', '[']));
    let terms = lines.flat_map(|line| line.split(',')).map(str::trim);
    let missed: Vec<_> = terms
        .filter(|term| !term.is_empty())
        .filter(|term| {
            let (before, after) = (read(&view(&format!("{term} "))), format!("so, {term}: why"));
            let found = |features: Features| features.seen.iter().any(|seen| seen.text == *term);
            !found(before) || !found(read(&view(&after)))
        })
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[a-z]{1,12}",
        1 => "[a-zA-Z0-9_]{1,40}",
        1 => "[\u{4e00}-\u{4e20}\u{3042}-\u{3052}\u{ac00}-\u{ac10}]{1,8}",
        1 => "\\PC{0,6}",
        1 => prop::collection::vec(any::<char>(), 0..4).prop_map(String::from_iter),
        2 => prop::sample::select(&[
            "\n", "\r\n", " ", "```", "`", "()", "=>", "==", "::", "</", "${", "&&", "->", "src/main.rs", "./a.py:", "C:\\x\\y.ts",
            "Traceback", "  at f (", "File \"", "Error:", "Exception", "error: ", "panicked at", "@@ ", "diff --git", "+++ ", "--- a",
            "import ", "def ", "fn ", "return ", ");", "{", "}", "):", ".", "/", "\\", "...", "e.g.", "snake_case", "camelCase",
            "\u{85}", "\u{a0}", "\u{ff0c}", "\u{3002}", "\u{ff1a}", "\u{130}", "\u{2168}", "\u{bd}", "12", "3.14", "\0",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_text_is_read_as_plainly_as_it_can_be(text in text()) {
        let (mut fast, mut slow) = (Counts::default(), Counts::default());
        let mut hashes = Vec::new();
        tokens(&text, lexicon(), &mut fast, &mut |hash| hashes.push(hash));
        prop_assert_eq!(hashes, slow::tokens(&text, lexicon(), &mut slow));
        prop_assert_eq!(fast, slow);
    }

    #[test]
    fn a_view_has_the_features_that_it_would_have_plainly(
        newest in text(),
        lists in prop::collection::vec(prop::collection::vec(text(), 0..3), 3),
        result in text(),
        system in text(),
        few: bool,
    ) {
        let [earlier, answers, calls] = <[_; 3]>::try_from(lists).unwrap();
        let newest = if few { newest.chars().take(20).collect() } else { newest };
        let view = around(&newest, |view| {
            (view.earlier, view.answers, view.calls) = (earlier, answers, calls);
            (view.result, view.system) = (result, system);
        });
        let features = read(&view);
        check(&features);
        let (hashed, dense) = slow::read(&view, lexicon());
        let slow = Features { hashed, dense, ..Features::default() };
        prop_assert_eq!(told(&features), told(&slow));
    }
}
