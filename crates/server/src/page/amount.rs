//! Amounts as pages write them.

/// A number with a comma at every thousand.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A number of things: `1 call`, `48,209 calls`.
pub(crate) fn many(count: usize, thing: &str) -> String {
    format!("{} {thing}{}", grouped(count as u64), if count == 1 { "" } else { "s" })
}

/// An amount of bytes in the decimal units of disks.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short() {
        for (count, shown) in [(0, "0 calls"), (1, "1 call"), (999, "999 calls"), (48_209, "48,209 calls")] {
            assert_eq!(many(count, "call"), shown);
        }
        assert_eq!(grouped(1_234_567), "1,234,567");
        for (amount, shown) in
            [(0, "0 B"), (1_234, "1.2 kB"), (238_000_000, "238.0 MB"), (1_500_000_000, "1.5 GB")]
        {
            assert_eq!(bytes(amount), shown);
        }
    }
}
