//! Rye.
/// Bakes.
#[test]
pub fn bake<T>(a: &str) -> T { todo!() }
impl<T> Bread for Rye<T> { fn x(&self) {} }
mod m { struct S; }
