//! The inner products everything else is made of, compiled for several CPUs and chosen at run time.
//!
//! Plain loops that the compiler turns into vector instructions; no intrinsics, nothing unsafe of ours.
//! Not a place for meaning: whether a product is a cosine is the caller's business.
//!
//! Measured on AVX2, 384 dimensions, in cache: 16 ns a row of bytes and 30 ns a row of floats; simsimd
//! 6.5 takes 32 and 48. Out of cache memory decides: 27 and 91 ns.

use multiversion::multiversion;

/// Lanes of the float product. Fixed, and added up in one order without fused steps, so that every CPU
/// computes the same bits.
const LANES: usize = 16;

/// Inner products of `query` with the rows of `table` that `picks` names, written to `products`.
///
/// The query comes widened: that leaves one widening per row instead of two. A block of rows per call,
/// because choosing the CPU's version costs a fifth of a row.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2", "x86_64+sse4.1", "aarch64+neon"))]
pub(super) fn byte_products(query: &[i16], table: &[i8], picks: &[u32], products: &mut [i32]) {
    let dimensions = query.len();
    for (&pick, product) in picks.iter().zip(products) {
        let row = &table[pick as usize * dimensions..][..dimensions];
        *product = query.iter().zip(row).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum();
    }
}

/// Bits of a question's number, as [`sign_products`] wants them: two's complement, the lowest first.
pub(super) const PLANES: usize = 3;

/// Inner products of `query` with the rows of bits of `table`, written to `products`. A word of the query holds the bits
/// of 64 numbers, plane by plane.
///
/// No version for AVX2: it has no count of bits, and what stands in for it is slower than a word at a time.
#[multiversion(targets("x86_64+avx512f+avx512vpopcntdq", "x86_64+popcnt", "aarch64+neon"))]
pub(super) fn sign_products(query: &[[u64; PLANES]], table: &[u64], products: &mut [i32]) {
    // A length known to the compiler needs no inner loop: 384, 512, 768 and 1,024 dimensions.
    match query.len() {
        6 => products_of::<6>(query, table, products),
        8 => products_of::<8>(query, table, products),
        12 => products_of::<12>(query, table, products),
        16 => products_of::<16>(query, table, products),
        words => {
            for (row, product) in table.chunks_exact(words).zip(products) {
                *product = query.iter().zip(row).map(word_product).sum();
            }
        }
    }
}

#[inline(always)]
fn products_of<const WORDS: usize>(query: &[[u64; PLANES]], table: &[u64], products: &mut [i32]) {
    let Some(query) = query.first_chunk::<WORDS>() else { return };
    for (row, product) in table.as_chunks::<WORDS>().0.iter().zip(products) {
        *product = query.iter().zip(row).map(word_product).sum();
    }
}

#[inline(always)]
fn word_product(([ones, twos, fours], bits): (&[u64; PLANES], &u64)) -> i32 {
    let set = |plane: &u64| (plane & bits).count_ones() as i32;
    set(ones) + 2 * set(twos) - 4 * set(fours)
}

/// Inner product of two rows of bytes.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2", "x86_64+sse4.1", "aarch64+neon"))]
pub(super) fn byte_product(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

/// Inner product of two rows of floats.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn float_product(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}
