//! Numbers and strings that are read where they lie in a compiled-in file. Nothing is copied or allocated.

/// Numbers of 32 bits each, little-endian.
#[derive(Clone, Copy)]
pub(super) struct Numbers(&'static [[u8; 4]]);

impl Numbers {
    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    pub(super) fn u32(self, index: usize) -> u32 {
        u32::from_le_bytes(self.0[index])
    }

    pub(super) fn f32(self, index: usize) -> f32 {
        f32::from_le_bytes(self.0[index])
    }

    /// The place of `wanted` among numbers in rising order.
    pub(super) fn find(self, wanted: u32) -> Option<usize> {
        self.0.binary_search_by_key(&wanted, |&number| u32::from_le_bytes(number)).ok()
    }
}

/// Byte strings that lie one behind the other.
#[derive(Clone, Copy)]
pub(super) struct Strings {
    /// Where each starts, and where the last ends.
    starts: Numbers,
    bytes: &'static [u8],
}

impl Strings {
    pub(super) fn new(starts: Numbers, bytes: &'static [u8]) -> Self {
        Self { starts, bytes }
    }

    pub(super) fn get(self, index: usize) -> &'static [u8] {
        &self.bytes[self.starts.u32(index) as usize..self.starts.u32(index + 1) as usize]
    }
}

/// A file read front to back.
pub(super) struct Cursor(pub(super) &'static [u8]);

impl Cursor {
    /// The next `count` bytes, or nothing where the file is shorter.
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'static [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    /// The next `count` numbers, or nothing where the file is shorter.
    pub(super) fn numbers(&mut self, count: usize) -> Option<Numbers> {
        self.bytes(count * 4).map(|bytes| Numbers(bytes.as_chunks().0))
    }
}
