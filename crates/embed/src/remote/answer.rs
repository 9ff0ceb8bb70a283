//! What an engine answers: `{"data": [{"index": 0, "embedding": [0.1, …]}, …]}`. Each text must have its vector, once;
//! whether a vector can be one of the model's is checked where all vectors are.

use serde::Deserialize;

use super::error::RemoteError;

/// The longest way to write a number, with what separates it from the next: `-0.00012345678901234567, `.
const BYTES_PER_NUMBER: usize = 32;

/// What stands around the numbers of a vector, and around all vectors.
const BYTES_AROUND: usize = 1_024;

#[derive(Deserialize)]
struct Answer {
    data: Vec<Embedding>,
}

#[derive(Deserialize)]
struct Embedding {
    index: usize,
    embedding: Vec<f32>,
}

/// How long an answer of so many vectors can be, in bytes. Twice as long is still read, so that vectors of another
/// length are called what they are.
pub(super) fn max_bytes(texts: usize, dimensions: usize) -> usize {
    let vector = dimensions.saturating_mul(BYTES_PER_NUMBER).saturating_add(BYTES_AROUND);
    texts.saturating_add(1).saturating_mul(vector).saturating_mul(2)
}

/// The vectors of so many texts, in the order of the texts.
pub(super) fn read(bytes: &[u8], texts: usize, url: &str) -> Result<Vec<Vec<f32>>, RemoteError> {
    let url = || url.to_owned();
    let answer: Answer =
        serde_json::from_slice(bytes).map_err(|source| RemoteError::Malformed { url: url(), source })?;
    if answer.data.len() != texts {
        return Err(RemoteError::Count { url: url(), found: answer.data.len(), wanted: texts });
    }
    let mut vectors: Vec<Option<Vec<f32>>> = vec![None; texts];
    for Embedding { index, embedding } in answer.data {
        match vectors.get_mut(index) {
            Some(place @ None) => *place = Some(embedding),
            _ => return Err(RemoteError::Index { url: url(), index }),
        }
    }
    // As many as there are texts, and none twice: all are there.
    Ok(vectors.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_come_in_the_order_of_their_texts() {
        let json = r#"{"object":"list","data":[{"index":1,"embedding":[0.5,-1e-3],"object":"embedding"},
            {"index":0,"embedding":[1,2]}],"model":"m","usage":{}}"#;
        assert_eq!(read(json.as_bytes(), 2, "u").unwrap(), [vec![1.0, 2.0], vec![0.5, -1e-3]]);
    }

    fn check(json: &str, texts: usize, is: fn(&RemoteError) -> bool) {
        let error = read(json.as_bytes(), texts, "u").unwrap_err();
        assert!(is(&error), "{json}: {error:?}");
    }

    #[test]
    fn an_answer_that_is_not_what_was_asked_for_is_an_error() {
        let malformed = |error: &RemoteError| matches!(error, RemoteError::Malformed { .. });
        for json in [
            "",
            "[]",
            "{}",
            r#"{"data":[{"index":0,"embedding":[NaN]}]}"#,
            r#"{"data":[{"index":0,"embedding":[null]}]}"#,
            r#"{"data":[{"index":0,"embedding":[Infinity]}]}"#,
            r#"{"data":[{"index":0,"embedding":"AAAA"}]}"#,
            r#"{"data":[{"index":-1,"embedding":[1]}]}"#,
            r#"{"data":[{"embedding":[1]}]}"#,
            r#"{"data":[{"index":0,"embedding":[1"#,
            r#"{"data":[{"index":0,"embedding":[1]}]} and more"#,
        ] {
            check(json, 1, malformed);
        }
        let count = |error: &RemoteError| matches!(error, RemoteError::Count { .. });
        check(r#"{"data":[]}"#, 1, count);
        check(r#"{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1]}]}"#, 1, count);
        let index = |error: &RemoteError| matches!(error, RemoteError::Index { .. });
        check(r#"{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}"#, 2, index);
        check(r#"{"data":[{"index":1,"embedding":[1]},{"index":2,"embedding":[1]}]}"#, 2, index);
    }
}
