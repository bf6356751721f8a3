//! What is made of an answer: a figure for a page, and the next answer that a row leads to.

use super::program::output;

/// Round ticks, whole ones for whole values, and below the title what all else is.
#[test]
fn figures_of_maps_say_what_is_fixed() {
    let folder = tempfile::tempdir().unwrap();
    for (i, line) in ["map margin[b_0] by idx, elt", "map margin[b_0] by elt"]
        .iter()
        .enumerate()
    {
        let file = folder.path().join(format!("{i}.svg"));
        let clean = ["--clean", "14 26 35 1 48", "--figure"];
        let drawn = output(&[&["ask", line], &clean[..], &[file.to_str().unwrap()]].concat());
        assert!(drawn.status.success(), "{drawn:?}");
        let svg = std::fs::read_to_string(&file).unwrap();
        assert!(
            svg.contains(">all else: as in the prompt: a_0=14 a_1=26 a_2=35"),
            "{svg}"
        );
        for tick in [0, 10, 20, 30, 40] {
            assert!(svg.contains(&format!(">{tick}</text>")), "no {tick}: {svg}");
        }
        assert!(
            !svg.contains(">3</text>") && !svg.contains(">2.5</text>"),
            "{svg}"
        );
    }
}

/// A neuron's row opens that neuron; the numbers without it set it to 0.
#[test]
fn enter_on_a_neuron_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("screen.txt");
    let screen = |keys: &str| {
        let name = file.to_str().unwrap();
        let _ = std::fs::remove_file(&file);
        let keys = format!("/ 'neurons 0' enter {keys}");
        let size = [
            "--size",
            "140x44",
            "-o",
            name,
            "--slide",
            "modular_addition",
        ];
        let drawn = output(&[&["render", "--keys", &keys], &size[..]].concat());
        assert!(drawn.status.success(), "{drawn:?}");
        std::fs::read_to_string(&file).unwrap()
    };
    let opened = screen("g '2 mean' enter enter");
    assert!(opened.contains("answer neuron 0.2"), "{opened}");
    assert!(!opened.contains("zero blocks.0"), "{opened}");
    let cut = screen("g '2 loss' enter enter");
    let line = "zero blocks.0.mlp.hook_post @* neuron 2";
    assert!(
        cut.contains(line) && cut.contains("answer neurons 0"),
        "{cut}"
    );
}
