//! The sentences by whose vectors a model behind a url is known again, and how near two such vectors must be.

use super::{RemoteOptions, Shared};

/// In two languages, and one of names and numbers: models that differ differ in one of them. They are written down in
/// indexes by their vectors, so they never change.
pub(super) const SENTENCES: [&str; 3] = [
    "Rye flour takes up more water than wheat flour does.",
    "Der Zug nach Köln fährt heute von einem anderen Gleis.",
    "let total: u64 = invoices.iter().map(|invoice| invoice.cents).sum();",
];

/// The cosine from which on two vectors of one sentence are the same model's. Two engines
/// that run one model in whole numbers have .9988 at least (multilingual-e5-small by rten and ONNX Runtime, 20 sentences);
/// rounding to 8 bits costs less than .0001.
pub(super) const SAME_FROM: f32 = 0.99;

/// A vector as it is written down: a direction, scaled so that its largest number is 127.
pub(super) fn rounded(vector: &[f32]) -> Vec<i8> {
    let largest = vector.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    vector.iter().map(|x| (x / largest * 127.0).round() as i8).collect()
}

/// The smallest cosine between vectors and those of then; -1 where they are not as many or not as long.
pub(super) fn farthest(vectors: &[Vec<f32>], of_then: &[Vec<i8>]) -> f32 {
    let is_comparable = vectors.len() == of_then.len()
        && vectors.iter().zip(of_then).all(|(vector, then)| vector.len() == then.len());
    if !is_comparable {
        return -1.0;
    }
    let cosines = vectors.iter().zip(of_then).map(|(vector, then)| {
        let then: Vec<f32> = then.iter().map(|&x| f32::from(x)).collect();
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        dot(vector, &then) / (dot(vector, vector) * dot(&then, &then)).sqrt()
    });
    // What is no number is not near.
    cosines.map(|cosine| if cosine.is_nan() { -1.0 } else { cosine }).fold(1.0, f32::min)
}

/// BLAKE3 of all that decides a vector as far as it is known here: name, dimensions, prefixes, probes.
pub(super) fn checksum(options: &RemoteOptions, shared: &Shared, probes: &[Vec<i8>]) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    add(b"remote");
    add(options.model.as_bytes());
    add(&(options.dimensions as u64).to_le_bytes());
    add(shared.query_prefix.as_bytes());
    add(shared.document_prefix.as_bytes());
    for probe in probes {
        let bytes: Vec<u8> = probe.iter().flat_map(|x| x.to_le_bytes()).collect();
        add(&bytes);
    }
    hasher.finalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(vectors: &[&[f32]], of_then: &[&[i8]], is_same: bool) {
        let vectors: Vec<Vec<f32>> = vectors.iter().map(|vector| vector.to_vec()).collect();
        let then: Vec<Vec<i8>> = of_then.iter().map(|then| then.to_vec()).collect();
        assert_eq!(farthest(&vectors, &then) >= SAME_FROM, is_same, "{vectors:?} {then:?}");
    }

    #[test]
    fn the_farthest_sentence_decides() {
        check(&[&[1.0, 0.0], &[0.0, 2.0]], &[&[127, 0], &[0, 127]], true);
        check(&[&[1.0, 0.05], &[0.0, 2.0]], &[&[127, 0], &[0, 127]], true);
        check(&[&[1.0, 0.0], &[0.3, 1.0]], &[&[127, 0], &[0, 127]], false);
        check(&[&[1.0, 0.0]], &[&[127, 0], &[0, 127]], false);
        check(&[&[1.0, 0.0, 0.0]], &[&[127, 0]], false);
        check(&[&[1.0, 0.0]], &[&[0, 0]], false);
    }

    #[test]
    fn rounding_leaves_the_direction() {
        let vector: Vec<f32> = (0..768).map(|x| (x as f32 * 0.7).sin() / 20.0).collect();
        let cosine = farthest(std::slice::from_ref(&vector), &[rounded(&vector)]);
        assert!(cosine > 0.9999, "{cosine}");
    }
}
