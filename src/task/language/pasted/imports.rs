//! What is imported: nothing is there by it but what there is of three modules.

/// What of the module `math` there is.
const MATH: [&str; 9] = [
    "gcd",
    "lcm",
    "floor",
    "ceil",
    "sqrt",
    "isqrt",
    "comb",
    "factorial",
    "prod",
];

/// Modules, and what there is of each.
const MODULES: [(&str, &[&str]); 3] = [
    ("math", &MATH),
    ("collections", &["Counter"]),
    ("itertools", &["combinations", "permutations", "product"]),
];

/// What an import gives names to; of modules that are not known there is nothing.
pub(super) fn imported(said: &str) -> String {
    let words = said.replace(['(', ')', '\n', '\\'], " ");
    let named = |one: &str| {
        let mut parts = one.split(" as ");
        let name = parts.next().unwrap_or_default().trim().to_owned();
        let known = parts
            .next()
            .map_or_else(|| name.clone(), |other| other.trim().to_owned());
        (name, known)
    };
    let mut out = String::new();
    if let Some((module, names)) = words
        .strip_prefix("from")
        .and_then(|rest| rest.split_once(" import "))
    {
        let module = module.trim();
        let there = MODULES.iter().find(|(name, _)| *name == module);
        let all = names.split(',').map(named);
        let all =
            all.filter(|(name, _)| there.is_some_and(|(_, all)| all.contains(&name.as_str())));
        all.for_each(|(name, known)| out += &format!("; {known} = {module}.{name}"));
    } else if let Some(modules) = words.strip_prefix("import ") {
        let all = modules
            .split(',')
            .map(named)
            .filter(|(name, known)| MODULES.iter().any(|(one, _)| one == name) && name != known);
        all.for_each(|(name, known)| out += &format!("; {known} = {name}"));
    }
    out
}

/// Whether a text imports something by this name.
pub(in crate::task::language) fn imports(text: &str, wanted: &str) -> bool {
    let lines = text.lines().map(str::trim_start);
    let mut imports = lines.filter(|line| line.starts_with("import ") || line.starts_with("from "));
    imports.any(|line| {
        let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        words.any(|word| word == wanted)
    })
}
