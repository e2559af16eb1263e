use super::*;

fn file() -> Vec<u8> {
    let hashed = (0..HASHED).map(|at| (at % 255) as i8).collect();
    let dense = (0..DENSE).map(|at| at as f32 / 8.0).collect();
    let card = Card { steps: [0.5, 0.25], bias: -1.0, slope: 2.0, ..Card::default() };
    written(&Model::new(card, hashed, dense).unwrap())
}

fn written(model: &Model) -> Vec<u8> {
    let mut file = Vec::new();
    model.write(&mut file).unwrap();
    file
}

fn refused(file: &[u8]) -> String {
    Model::read(file).expect_err("no model").to_string()
}

/// `file` with another card.
fn with_card(card: &str) -> Vec<u8> {
    let file = file();
    let end = MAGIC.len() + file[MAGIC.len()..].iter().position(|byte| *byte == b'\n').unwrap();
    [MAGIC, card.as_bytes(), &file[end..]].concat()
}

#[test]
fn what_was_written_is_read_again() {
    let file = file();
    assert_eq!(written(&Model::read(&file).unwrap()), file);
}

#[test]
#[cfg(feature = "workload")]
fn the_model_that_comes_with_planguard_can_be_read() {
    let model = Model::read(include_bytes!("../model.bin")).unwrap();
    assert_eq!(model.card(), Model::built_in().card());
    assert_ne!(model.card(), Model::blank().card());
    let card = model.card();
    let above: Vec<_> = card.non_coding.iter().map(|above| *above > card.coding).collect();
    assert_eq!(above, [true; 3]);
}

#[test]
fn a_file_that_is_cut_is_refused() {
    let file = file();
    let near = |at: usize| at.saturating_sub(9)..(at + 9).min(file.len());
    let cuts = (0..400)
        .chain(near(file.len() - 4 * DENSE))
        .chain(near(file.len()))
        .chain([file.len() / 2]);
    for end in cuts {
        refused(&file[..end]);
    }
}

#[test]
fn a_file_that_is_longer_is_refused() {
    for more in 1..9 {
        refused(&[file(), vec![0; more]].concat());
    }
}

#[test]
fn a_file_of_another_version_is_refused() {
    let mut file = file();
    file[MAGIC.len() - 2] = b'2';
    assert_eq!(refused(&file), "this is no workload model: another beginning");
}

#[test]
fn a_wrong_card_is_refused() {
    let card = r#"{"steps":[1,1],"bias":0,"slope":1,"offset":0,"non_coding":[1,1,1],"coding":0}"#;
    assert!(Model::read(&with_card(card)).is_ok());
    for (right, wrong) in [
        (r#""bias":0,"#, ""),
        (r#""bias":0"#, r#""bias":0,"bias":0"#),
        (r#""bias":0"#, r#""bias":0,"more":0"#),
        (r#""bias":0"#, r#""bias":null"#),
        (r#""bias":0"#, r#""bias":"0""#),
        (r#""bias":0"#, r#""bias":NaN"#),
        (r#""bias":0"#, r#""bias":1e39"#),
        (r#""steps":[1,1]"#, r#""steps":[1]"#),
        (r#""steps":[1,1]"#, r#""steps":[1,1e39]"#),
        (r#""non_coding":[1,1,1]"#, r#""non_coding":[1,1,1,1]"#),
        ("}", ""),
        ("{", "{{"),
        (card, ""),
        (card, "[]"),
        (card, "{}"),
        (card, "\u{fffd}"),
    ] {
        refused(&with_card(&card.replace(right, wrong)));
    }
}

#[test]
fn a_weight_that_is_no_number_is_refused() {
    for weight in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut file = file();
        let last = file.len() - 4;
        file[last..].copy_from_slice(&weight.to_le_bytes());
        refused(&file);
    }
}

#[test]
fn as_many_weights_as_features_are_asked_for() {
    let refused = |hashed, dense| {
        Model::new(Card::default(), vec![0; hashed], vec![0.0; dense]).expect_err("no model");
    };
    refused(HASHED - 1, DENSE);
    refused(HASHED + 1, DENSE);
    refused(HASHED, DENSE - 1);
    refused(HASHED, DENSE + 1);
}

#[test]
fn a_blank_model_takes_nothing_for_coding_or_other_work() {
    let mut features = Features::default();
    let model = Model::blank();
    model.features(&View::default(), &mut features);
    let estimate = model.estimate(&features);
    assert!((estimate.probability - 0.5).abs() < f32::EPSILON);
    assert!(model.card().non_coding.iter().all(|above| *above > 1.0) && model.card().coding < 0.0);
}
