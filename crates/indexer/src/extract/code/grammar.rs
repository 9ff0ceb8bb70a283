//! Which grammar reads a language, and what its nodes mean to us. The names of nodes are the grammars' own.
//!
//! A grammar is in the program, so each costs its size: those of C# (5.3 MB) and Ruby (2.1 MB) are left out.

use tree_sitter::Language;

/// What a node is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A function: known by its name, and by its type's where it stands in one.
    Function,
    /// A definition with nothing in it that is looked at.
    Value,
    /// A definition that functions belong to.
    Type,
    /// A definition around others that belong to themselves.
    Group,
    /// A name that is a definition only if it is given a function or a class.
    Binding,
    /// What belongs to the definition in it from its own start on: an export, a decorator, a template.
    Wrap,
    /// What is looked into and is nothing itself.
    Through,
}

/// A grammar and what is looked for in its trees.
#[derive(Debug)]
pub(super) struct Grammar {
    language: fn() -> Language,
    /// Kinds of nodes, what they are, and the word put before the name.
    roles: &'static [(&'static str, Role, &'static str)],
    /// Kinds that define something only where they have a body.
    bodied: &'static [&'static str],
    /// What stands between a type's name and a function's.
    pub(super) joint: &'static str,
}

impl Grammar {
    /// The grammar for the parser.
    pub(super) fn language(&self) -> Language {
        (self.language)()
    }

    /// What nodes of this kind are, and the word before the name; `None` for those not looked into.
    pub(super) fn role(&self, kind: &str) -> Option<(Role, &'static str)> {
        // A definition may stand in what the grammar could not read.
        if kind == "ERROR" {
            return Some((Role::Through, ""));
        }
        self.roles.iter().find(|(known, ..)| *known == kind).map(|&(_, role, word)| (role, word))
    }

    /// Whether nodes of this kind are nothing without a body.
    pub(super) fn needs_body(&self, kind: &str) -> bool {
        self.bodied.contains(&kind)
    }
}

/// The grammar of a language as [`super::language_of`] calls it.
pub(super) fn of(language: &str) -> Option<&'static Grammar> {
    match language {
        "bash" => Some(&BASH),
        "c" => Some(&C),
        "cpp" => Some(&CPP),
        "go" => Some(&GO),
        "java" => Some(&JAVA),
        "javascript" => Some(&JAVASCRIPT),
        "python" => Some(&PYTHON),
        "rust" => Some(&RUST),
        "typescript" => Some(&TYPESCRIPT),
        _ => None,
    }
}

use Role::{Binding, Function, Group, Through, Type, Value, Wrap};

static BASH: Grammar = Grammar {
    language: || tree_sitter_bash::LANGUAGE.into(),
    roles: &[("program", Through, ""), ("function_definition", Function, "function")],
    bodied: &[],
    joint: ".",
};

static C: Grammar = Grammar {
    language: || tree_sitter_c::LANGUAGE.into(),
    roles: &[
        ("translation_unit", Through, ""),
        ("function_definition", Function, ""),
        ("struct_specifier", Value, "struct"),
        ("union_specifier", Value, "union"),
        ("enum_specifier", Value, "enum"),
        ("type_definition", Value, "typedef"),
        ("preproc_function_def", Value, "#define"),
        ("preproc_if", Through, ""),
        ("preproc_ifdef", Through, ""),
        ("preproc_else", Through, ""),
        ("preproc_elif", Through, ""),
        ("linkage_specification", Through, ""),
        ("declaration_list", Through, ""),
    ],
    bodied: &["struct_specifier", "union_specifier", "enum_specifier"],
    joint: "::",
};

static CPP: Grammar = Grammar {
    language: || tree_sitter_cpp::LANGUAGE.into(),
    roles: &[
        ("translation_unit", Through, ""),
        ("function_definition", Function, ""),
        ("class_specifier", Type, "class"),
        ("struct_specifier", Type, "struct"),
        ("union_specifier", Value, "union"),
        ("enum_specifier", Value, "enum"),
        ("type_definition", Value, "typedef"),
        ("alias_declaration", Value, "using"),
        ("concept_definition", Value, "concept"),
        ("namespace_definition", Group, "namespace"),
        ("template_declaration", Wrap, ""),
        ("field_declaration_list", Through, ""),
        ("preproc_function_def", Value, "#define"),
        ("preproc_if", Through, ""),
        ("preproc_ifdef", Through, ""),
        ("preproc_else", Through, ""),
        ("preproc_elif", Through, ""),
        ("linkage_specification", Through, ""),
        ("declaration_list", Through, ""),
    ],
    bodied: &["class_specifier", "struct_specifier", "union_specifier", "enum_specifier"],
    joint: "::",
};

static GO: Grammar = Grammar {
    language: || tree_sitter_go::LANGUAGE.into(),
    roles: &[
        ("source_file", Through, ""),
        ("function_declaration", Function, "func"),
        ("method_declaration", Function, "func"),
        ("type_declaration", Wrap, ""),
        ("type_spec", Value, "type"),
        ("type_alias", Value, "type"),
    ],
    bodied: &[],
    joint: ".",
};

static JAVA: Grammar = Grammar {
    language: || tree_sitter_java::LANGUAGE.into(),
    roles: &[
        ("program", Through, ""),
        ("class_declaration", Type, "class"),
        ("interface_declaration", Type, "interface"),
        ("enum_declaration", Type, "enum"),
        ("record_declaration", Type, "record"),
        ("annotation_type_declaration", Type, "@interface"),
        ("method_declaration", Function, ""),
        ("constructor_declaration", Function, ""),
        ("compact_constructor_declaration", Function, ""),
        ("class_body", Through, ""),
        ("interface_body", Through, ""),
        ("enum_body", Through, ""),
        ("enum_body_declarations", Through, ""),
        ("annotation_type_body", Through, ""),
    ],
    bodied: &[],
    joint: ".",
};

static JAVASCRIPT: Grammar =
    Grammar { language: || tree_sitter_javascript::LANGUAGE.into(), roles: SCRIPT, bodied: &[], joint: "." };

static PYTHON: Grammar = Grammar {
    language: || tree_sitter_python::LANGUAGE.into(),
    roles: &[
        ("module", Through, ""),
        ("function_definition", Function, "def"),
        ("class_definition", Type, "class"),
        ("decorated_definition", Wrap, ""),
        ("block", Through, ""),
        ("if_statement", Through, ""),
        ("else_clause", Through, ""),
        ("try_statement", Through, ""),
        ("except_clause", Through, ""),
    ],
    bodied: &[],
    joint: ".",
};

static RUST: Grammar = Grammar {
    language: || tree_sitter_rust::LANGUAGE.into(),
    roles: &[
        ("source_file", Through, ""),
        ("function_item", Function, "fn"),
        ("function_signature_item", Function, "fn"),
        ("struct_item", Value, "struct"),
        ("enum_item", Value, "enum"),
        ("union_item", Value, "union"),
        ("type_item", Value, "type"),
        ("const_item", Value, "const"),
        ("static_item", Value, "static"),
        ("macro_definition", Value, "macro_rules!"),
        ("trait_item", Type, "trait"),
        ("impl_item", Type, "impl"),
        ("mod_item", Group, "mod"),
        ("declaration_list", Through, ""),
        ("foreign_mod_item", Through, ""),
    ],
    bodied: &["mod_item"],
    joint: "::",
};

/// With the grammar for TSX, which reads all of TypeScript but casts in angle brackets: both together cost twice as much.
static TYPESCRIPT: Grammar = Grammar {
    language: || tree_sitter_typescript::LANGUAGE_TSX.into(),
    roles: SCRIPT,
    bodied: &[],
    joint: ".",
};

/// What JavaScript and TypeScript have in common is most of it.
const SCRIPT: &[(&str, Role, &str)] = &[
    ("program", Through, ""),
    ("function_declaration", Function, "function"),
    ("generator_function_declaration", Function, "function"),
    ("function_signature", Function, "function"),
    ("class_declaration", Type, "class"),
    ("abstract_class_declaration", Type, "class"),
    ("method_definition", Function, ""),
    ("field_definition", Binding, ""),
    ("public_field_definition", Binding, ""),
    ("interface_declaration", Value, "interface"),
    ("type_alias_declaration", Value, "type"),
    ("enum_declaration", Value, "enum"),
    ("internal_module", Group, "namespace"),
    ("module", Group, "module"),
    ("lexical_declaration", Wrap, ""),
    ("variable_declaration", Wrap, ""),
    ("variable_declarator", Binding, "const"),
    ("assignment_expression", Binding, ""),
    ("export_statement", Wrap, ""),
    ("ambient_declaration", Wrap, ""),
    ("expression_statement", Wrap, ""),
    ("class_body", Through, ""),
    ("statement_block", Through, ""),
];
