//! From a condition as it is written to one that can be asked.

use super::{
    condition::{Condition, Subject, Test, Value},
    format::{PartFile, ValueFile, WhenFile, WordsFile},
    pattern::{Pattern, Words},
    pointer::Pointer,
};

/// Groups nested deeper than this are refused.
const MAX_DEPTH: usize = 8;

impl Condition {
    pub(super) fn compile(when: WhenFile) -> Result<Self, String> {
        Self::compile_at(when, 0)
    }

    fn compile_at(mut when: WhenFile, depth: usize) -> Result<Self, String> {
        if depth > MAX_DEPTH {
            return Err(format!("conditions are nested more than {MAX_DEPTH} deep"));
        }
        let group = |list: Vec<WhenFile>| -> Result<Vec<Self>, String> {
            if list.is_empty() {
                return Err("an empty group of conditions".to_owned());
            }
            list.into_iter().map(|when| Self::compile_at(when, depth + 1)).collect()
        };
        let groups = (when.all.take(), when.any.take(), when.none.take());
        let subject = Subject::compile(&mut when)?;
        let test = Test::compile(when)?;
        match (groups, subject, test) {
            ((Some(all), None, None), None, None) => Ok(Self::All(group(all)?)),
            ((None, Some(any), None), None, None) => Ok(Self::Any(group(any)?)),
            ((None, None, Some(none)), None, None) => Ok(Self::None(group(none)?)),
            ((None, None, None), Some(subject), Some(test)) => {
                let has_scalars = matches!(subject, Subject::Json(_) | Subject::InHeader(..));
                if test == Test::IsString && !has_scalars {
                    return Err("`is_string` goes with `pointers`".to_owned());
                }
                Ok(Self::Test(subject, test))
            }
            _ => Err(
                "a condition is one subject (`pointers`, `header`, both, or `part`) with one test \
                      (`eq`, `in`, `contains`, `regex`, `is_string`, `present` or `absent`), or \
                      one group (`all`, `any` or `none`)"
                    .to_owned(),
            ),
        }
    }
}

impl Subject {
    fn compile(when: &mut WhenFile) -> Result<Option<Self>, String> {
        match (when.pointers.take(), when.header.take(), when.part.take()) {
            (None, None, None) => Ok(None),
            (Some(pointers), None, None) if !pointers.is_empty() => {
                let pointers = pointers.iter().map(|pointer| Pointer::parse(pointer));
                Ok(Some(Self::Json(pointers.collect::<Result<_, _>>()?)))
            }
            (None, Some(header), None) => {
                let name = header.strip_suffix('*').unwrap_or(&header);
                if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
                    return Err(format!("`{header}` is no header name"));
                }
                Ok(Some(Self::Header(header.to_ascii_lowercase())))
            }
            (Some(pointers), Some(header), None) if !pointers.is_empty() => {
                let name = http::HeaderName::from_bytes(header.as_bytes())
                    .ok()
                    .filter(|_| !header.ends_with('*'))
                    .ok_or_else(|| format!("`{header}` is no name of one header"))?;
                let pointers = pointers.iter().map(|pointer| Pointer::parse(pointer));
                let pointers = pointers.collect::<Result<_, _>>()?;
                Ok(Some(Self::InHeader(name.as_str().to_owned(), pointers)))
            }
            (None, None, Some(PartFile::Message)) => Ok(Some(Self::Message)),
            (None, None, Some(PartFile::Text)) => Ok(Some(Self::Text)),
            _ => Err("a condition has one subject: `pointers`, `header`, both for JSON in a \
                      header, or `part`"
                .to_owned()),
        }
    }
}

impl Test {
    fn compile(when: WhenFile) -> Result<Option<Self>, String> {
        let fold = when.fold;
        let mut tests = Vec::new();
        if let Some(value) = when.eq {
            tests.push(Self::OneOf { values: vec![value.into()], fold });
        }
        if let Some(values) = when.one_of {
            let values: Vec<Value> = values.into_iter().map(Value::from).collect();
            tests.push(Self::OneOf { values, fold });
        }
        if let Some(words) = when.contains {
            let words = match words {
                WordsFile::One(word) => vec![word],
                WordsFile::Several(words) => words,
            };
            if words.is_empty() || words.iter().any(String::is_empty) {
                return Err("`contains` needs a text that is not empty".to_owned());
            }
            tests.push(Self::Contains(Words::new(words, fold)));
        }
        tests.extend(when.regex.map(|source| Self::Regex(Pattern::new(source))));
        for (flag, test) in [
            (when.is_string, Self::IsString),
            (when.present, Self::Present),
            (when.absent, Self::Absent),
        ] {
            match flag {
                Some(true) => tests.push(test),
                Some(false) => {
                    return Err("`is_string`, `present` and `absent` are only ever `true`; use \
                                `none` to negate"
                        .to_owned());
                }
                None => {}
            }
        }
        if tests.len() > 1 {
            return Err("a condition has one test; use `all` for several".to_owned());
        }
        let test = tests.pop();
        if fold && !matches!(test, Some(Self::OneOf { .. } | Self::Contains(_))) {
            return Err("`fold` goes with `eq`, `in` or `contains`; a regex has `(?i)`".to_owned());
        }
        Ok(test)
    }
}

impl From<ValueFile> for Value {
    fn from(value: ValueFile) -> Self {
        match value {
            ValueFile::Bool(value) => Self::Bool(value),
            ValueFile::Text(text) => Self::Text(String::from(text).trim().to_owned()),
        }
    }
}
