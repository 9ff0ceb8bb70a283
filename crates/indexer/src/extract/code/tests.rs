//! Files of each language, and what must hold for every text.

use proptest::prelude::*;

use super::*;
use crate::extract::laws::{check_partition, hostile};

fn read(name: &str, text: &str) -> Extracted {
    let extracted = extract(&DocumentPath::new(name).unwrap(), text);
    check_partition(text, &extracted);
    extracted
}

/// The file's headings as level, words and quote.
fn check(name: &str, text: &str, expected: &[(u8, &str, &str)]) {
    let headings = read(name, text).document.headings;
    let found: Vec<_> =
        headings.iter().map(|h| (h.level, h.text.as_str(), h.span.quote(text).unwrap())).collect();
    assert_eq!(found, expected, "{name}");
}

/// The file's blocks as kind and quote.
fn check_blocks(name: &str, text: &str, expected: &[(BlockKind, &str)]) {
    let blocks = read(name, text).blocks;
    let found: Vec<_> = blocks.iter().map(|b| (b.kind, b.span.quote(text).unwrap())).collect();
    assert_eq!(found, expected, "{name}");
}

#[test]
fn the_extensions_stand_once_each() {
    for (index, (extension, language)) in LANGUAGES.iter().enumerate() {
        assert!(LANGUAGES[..index].iter().all(|(before, _)| before != extension), "{extension}");
        assert_eq!(language_of(&extension.to_uppercase()), Some(*language));
    }
    assert_eq!(language_of("log"), None);
}

#[test]
fn rust_is_read_by_definition() {
    check(
        "a.rs",
        "//! File.\n\nuse x;\nmod gone;\n\n/// Doc.\n#[derive(Debug)]\npub struct Foo<T>(T);\n\nimpl<T> Display for Foo<T> {\n    // Why.\n    fn fmt(&self) {\n        fn inner() {}\n    }\n}\n\npub const N: u8 = 1;\n#[cfg(test)]\nmod tests { \n  #[test] fn t() {} }\nmacro_rules! m { () => {} }\ntrait T { fn a(); }\n",
        &[
            (1, "struct Foo", "pub struct Foo<T>(T);"),
            (1, "impl Display for Foo<T>", "impl<T> Display for Foo<T> {"),
            (2, "Foo::fmt", "fn fmt(&self) {"),
            (1, "const N", "pub const N: u8 = 1;"),
            (1, "mod tests", "mod tests {"),
            (2, "fn t", "#[test] fn t() {} }"),
            (1, "macro_rules! m", "macro_rules! m { () => {} }"),
            (1, "trait T", "trait T { fn a(); }"),
        ],
    );
}

#[test]
fn a_definition_takes_its_comments_and_what_is_loose_is_a_block() {
    use BlockKind::*;
    check_blocks(
        "a.py",
        "\"\"\"Doc.\"\"\"\nimport os\n\n# Before.\n@cached\ndef f(a):\n    return a\n\n\nLIMIT = 3\n\nclass A(B):\n    x = 1\n\n    def g(self): pass\n\n    y = 2\n",
        &[
            (Code, "\"\"\"Doc.\"\"\"\nimport os\n\n"),
            (Heading, "# Before.\n"),
            (Code, "@cached\ndef f(a):\n    return a\n\n\n"),
            (Code, "LIMIT = 3\n\n"),
            (Heading, "class A(B):\n"),
            (Code, "    x = 1\n\n"),
            (Heading, "    def g(self): pass\n\n"),
            (Code, "    y = 2\n"),
        ],
    );
    let text = "impl A {\n    fn b() {\n    }\n}\n\nfn c() {}\n";
    check_blocks(
        "a.rs",
        text,
        &[
            (Heading, "impl A {\n"),
            (Heading, "    fn b() {\n"),
            (Code, "    }\n}\n\n"),
            (Heading, "fn c() {}\n"),
        ],
    );
    let paths: Vec<_> = read("a.rs", text).blocks.into_iter().map(|block| block.headings).collect();
    assert_eq!(paths, [vec![0], vec![0, 1], vec![0, 1], vec![2]]);
}

#[test]
fn each_grammar_gives_its_definitions() {
    check(
        "a.py",
        "if x:\n    def f(): pass\nclass A:\n    @property\n    async def b(self):\n        def no(): pass\n",
        &[(1, "def f", "def f(): pass"), (1, "class A", "class A:"), (2, "A.b", "async def b(self):")],
    );
    check(
        "a.ts",
        "// Why.\nexport default class A<T> extends B {\n  x = () => 1;\n  get y(): T { return 1 }\n}\nexport const f = async (a: number) => a;\nconst no = 1;\nexport interface I { a: string }\ntype U = A | B;\nenum E { A }\ndeclare namespace N {\n  function g(): void;\n}\nexports.h = function () {};\n",
        &[
            (1, "class A", "export default class A<T> extends B {"),
            (2, "A.x", "x = () => 1;"),
            (2, "A.y", "get y(): T { return 1 }"),
            (1, "const f", "export const f = async (a: number) => a;"),
            (1, "interface I", "export interface I { a: string }"),
            (1, "type U", "type U = A | B;"),
            (1, "enum E", "enum E { A }"),
            (1, "namespace N", "declare namespace N {"),
            (2, "function g", "function g(): void;"),
            (1, "exports.h", "exports.h = function () {};"),
        ],
    );
    check(
        "a.jsx",
        "function* f() {}\nvar g = function () {\n  function no() {}\n}\nclass C { m() { return <p/> } }\n",
        &[
            (1, "function f", "function* f() {}"),
            (1, "const g", "var g = function () {"),
            (1, "class C", "class C { m() { return <p/> } }"),
        ],
    );
    check(
        "a.go",
        "package a\n\n// S serves.\ntype S[T any] struct{}\n\ntype (\n\tA int\n\tB = int\n)\n\nfunc (s *S[T]) Run(x int) error {\n\treturn nil\n}\n\nfunc main() {}\n",
        &[
            (1, "type S", "type S[T any] struct{}"),
            (1, "type A", "A int"),
            (1, "type B", "B = int"),
            (1, "S.Run", "func (s *S[T]) Run(x int) error {"),
            (1, "func main", "func main() {}"),
        ],
    );
    check(
        "A.java",
        "package a;\n/** Doc. */\n@Deprecated\npublic class A {\n  int x;\n  A() {}\n  @Override\n  public int b() { return 1; }\n  enum E { X;\n    void c() {} }\n}\n",
        &[
            (1, "class A", "public class A {"),
            (2, "A.A", "A() {}"),
            (2, "A.b", "public int b() { return 1; }"),
            (2, "enum E", "enum E { X;"),
            (3, "E.c", "void c() {} }"),
        ],
    );
    check(
        "a.sh",
        "#!/bin/sh\n# Greets.\ngreet() {\n  echo hi\n}\nfunction bye { echo bye; }\n",
        &[(1, "function greet", "greet() {"), (1, "function bye", "function bye { echo bye; }")],
    );
}

#[test]
fn c_and_its_kin_name_things_by_their_declarators() {
    check(
        "a.h",
        "#ifndef A\nstruct s { int x; };\nstruct t;\ntypedef struct { int y; } u;\nstatic char *\nf(int a)\n{\n}\n#define M(x) x\nint (*g(void))(int) { return 0; }\n#endif\n",
        &[
            (1, "struct s", "struct s { int x; };"),
            (1, "typedef u", "typedef struct { int y; } u;"),
            (1, "f", "f(int a)"),
            (1, "#define M", "#define M(x) x"),
            (1, "g", "int (*g(void))(int) { return 0; }"),
        ],
    );
    check(
        "a.cpp",
        "namespace n {\n// Doc.\ntemplate <class T>\nclass A {\npublic:\n  A() {}\n  int &r() { return x; }\n};\n}\nint n::A::f() { return 1; }\nusing V = int;\n",
        &[
            (1, "namespace n", "namespace n {"),
            (2, "class A", "class A {"),
            (3, "A::A", "A() {}"),
            (3, "A::r", "int &r() { return x; }"),
            (1, "n::A::f", "int n::A::f() { return 1; }"),
            (1, "using V", "using V = int;"),
        ],
    );
}

#[test]
fn broken_code_keeps_the_definitions_that_stand() {
    check("a.rs", "fn a() {}\n)))\nfn b() {\n", &[(1, "fn a", "fn a() {}")]);
}

#[test]
fn without_a_grammar_groups_of_lines_are_the_blocks() {
    use BlockKind::Code;
    check_blocks(
        "a.rb",
        "\u{feff}class A\n  def b\n\n  end\n\n  x\n}\n\ny\nz\n\n}\n\nw\n",
        &[(Code, "\u{feff}class A\n  def b\n\n  end\n\n  x\n}\n\n"), (Code, "y\nz\n\n}\n\n"), (Code, "w\n")],
    );
    check_blocks("a.rs", "", &[]);
    check_blocks("a.rs", "\n \n", &[(Code, "\n \n")]);
}

#[test]
fn the_language_is_a_fact_of_the_whole_text() {
    let facts = read("a.PY", "x = 1\n").reading.facts;
    assert_eq!(facts.len(), 1);
    assert_eq!((&*facts[0].key, &facts[0].value), ("code", &PropertyValue::Text("python".to_owned())));
    assert_eq!(facts[0].span.range(), 0..6);
}

#[test]
fn hostile_code_comes_to_an_end() {
    // The work allowed is so much a byte, so a smaller text shows as much in less time.
    const BYTES: usize = 1 << 11;
    let own = ["r#\"", "R\"x(", "<<A\n", "fn a(){", "mod a{", "`${", "/*", "namespace a {", "class a:\n "];
    for text in hostile(&own) {
        let text = &text[..text.floor_char_boundary(BYTES)];
        for name in ["a.rs", "a.py", "a.ts", "a.js", "a.go", "a.java", "a.c", "a.cpp", "a.sh", "a.rb"] {
            read(name, text);
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_partitioned(
        text in r"([ -~\n\té日]|\r\n?|fn a\(\) \{\}|class A[:\{]|def b|\n\n|#|//|/\*|\*/){0,60}",
        name in prop::sample::select(vec!["a.rs", "a.py", "a.ts", "a.js", "a.go", "a.java", "a.c", "a.cpp", "a.sh", "a.lua"]),
    ) {
        read(name, &text);
    }
}

#[test]
fn a_text_larger_than_what_is_parsed_is_cut_by_lines() {
    let definition = "fn a() {}\n";
    for (bytes, headings) in [(128 * 1024, 1), (128 * 1024 + 1, 0)] {
        let text = definition.to_owned() + &"\n".repeat(bytes - definition.len());
        assert_eq!(read("a.rs", &text).document.headings.len(), headings, "{bytes}");
    }
}
