//! Numbers of every step, in the shell: several at once, when a condition begins to hold, and as a figure.

use crate::{json, output, refused, stdout};

fn curve<'a>(folder: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["curve", "--model", folder][..], more].concat()
}

#[test]
fn several_numbers_a_condition_and_a_figure() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let folder = folder.to_str().unwrap();
    let recipe = "train --task min_of_two:max_num=6 --d-model 16 --layers 1 --lr 0.01 --steps 60 --save-every 10 --seed 1 -o";
    let recipe: Vec<&str> = recipe.split(' ').chain([folder]).collect();
    assert!(output(&recipe).status.success());
    let curve = |more: &[&'static str]| curve(folder, more);

    let asked = curve(&[
        "--until",
        "accuracy > 0.5",
        "accuracy",
        "A0[=,a], min margin",
        "pred == truth",
    ]);
    let all = json(&asked);
    let curves = all["curves"].as_array().unwrap();
    let names: Vec<&str> = curves
        .iter()
        .map(|one| one["quantity"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["accuracy", "A0[=,a]", "min margin", "pred == truth"]
    );
    let value =
        |curve: usize, step: usize| curves[curve]["points"][step]["value"].as_f64().unwrap();
    let first = (0..7).find(|&step| value(0, step) > 0.5).unwrap();
    assert!(first > 0);
    assert_eq!(all["until"]["first"], first * 10);
    // how often a claim is true is how many inputs are right, where there is one answer
    for step in 0..7 {
        assert!((value(0, step) - value(3, step)).abs() < 1e-12);
    }
    // and so of any comparison; behind --until it is one with the mean, of the inputs behind `when`
    let asked = curve(&[
        "margin > 0",
        "margin",
        "margin when a=1",
        "--until",
        "margin > 0 when a=1",
    ]);
    let compared = json(&asked);
    let point = |curve: usize, step: usize| {
        compared["curves"][curve]["points"][step]["value"]
            .as_f64()
            .unwrap()
    };
    for step in 0..7 {
        assert!((value(0, step) - point(0, step)).abs() < 1e-12, "{step}");
    }
    let above = |curve: usize| (0..7).find(|&step| point(curve, step) > 0.0).unwrap();
    assert_eq!(compared["until"]["first"], above(2) * 10);
    let text = stdout(&curve(&[
        "accuracy",
        "--when",
        "accuracy > 0.5",
        "--format",
        "text",
    ]));
    assert!(text.contains(&format!("step {}", first * 10)), "{text}");
    // and what opens that step, with what was said of the model
    let opens = format!("{folder}#{}", first * 10);
    assert!(
        text.contains(&opens) && text.contains(" opens it\n"),
        "{text}"
    );
    assert_eq!(all["until"]["path"], opens);
    let never = stdout(&curve(&["loss", "--until", "loss < 0", "--format", "text"]));
    assert!(never.contains("loss < 0 holds at no step"), "{never}");

    // what the flag says of the sample comes before what the line says
    for (more, over) in [
        (&["loss over random:3:8"][..], "random:3:8"),
        (&["loss", "--over", "random:1:16"], "random:1:16"),
        (
            &["loss over random:3:8", "--over", "random:1:16"],
            "random:1:16",
        ),
    ] {
        let asked = json(&curve(more));
        assert_eq!(asked["curves"][0]["points"][0]["over"], over, "{more:?}");
    }

    // a cell of an answer is the one that the question tells of that step
    let cell = json(&curve(&["circuit ov.0 at 3 4"]));
    let table = json(&["ask", "circuit ov.0", "--model", &format!("{folder}#60")]);
    let one = &table["values"]["values"];
    let told = cell["curves"][0]["points"][6]["value"].as_f64().unwrap();
    let width = table["cols"].as_array().unwrap().len();
    let want = match one.as_array() {
        Some(flat) => flat[3 * width + 4].as_f64().unwrap(),
        None => table["values"][3][4].as_f64().unwrap(),
    };
    assert!((told - want).abs() < 1e-6, "{told} {want}");

    for (log, name) in [("x", "fig.svg"), ("y", "fig.png")] {
        let file = home.path().join(name);
        let path = file.to_str().unwrap();
        let words = [
            "loss",
            "accuracy",
            "--log",
            log,
            "-o",
            path,
            "--until",
            "accuracy > 0.5",
        ];
        let drawn = output(&self::curve(folder, &words));
        assert!(drawn.status.success(), "{drawn:?}");
        let bytes = std::fs::read(&file).unwrap();
        match log {
            "x" => {
                let svg = String::from_utf8(bytes).unwrap();
                for word in [">loss<", ">accuracy<", ">step<", "accuracy &gt; 0.5: step"] {
                    assert!(svg.contains(word), "no {word}: {svg}");
                }
            }
            _ => assert!(bytes.starts_with(b"\x89PNG")),
        }
    }

    refused(&curve(&["loss", "--log", "z"]), "'z' is no axis");
    refused(
        &curve(&["loss", "--until", "lss > 1"]),
        "in the condition 'lss > 1'",
    );
    refused(&curve(&["circuit ov.0 at 99 1"]), "no cell '99 1'");
    // a number is no condition
    for number in ["margin", "loss", "circuit ov.0 at 3 4"] {
        let words = format!("'{number}' is a number of each step; say what it has to be");
        refused(&self::curve(folder, &["loss", "--until", number]), &words);
    }
    // what is of no inputs says so, and no sample can be said of it
    let cells = ["circuit ov.0 at 3 4", "attribution at attn_out 0", "loss"];
    let told = json(&self::curve(
        folder,
        &[&cells[..], &["--over", "random:1:8"]].concat(),
    ));
    let of = |i: usize| {
        let point = &told["curves"][i]["points"][0];
        (
            point["n"].as_u64(),
            point["over"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(of(0), (None, "weights".to_owned()));
    assert_eq!(of(1), (Some(1), "prompt, clean run".to_owned()));
    assert_eq!(of(2), (Some(8), "random:1:8".to_owned()));
    refused(
        &self::curve(folder, &["circuit ov.0 at 3 4", "--over", "random:1:8"]),
        "'over random:1:8' says nothing here",
    );
    // a mean over the sample is of the sample that is said
    let told = json(&self::curve(
        folder,
        &[
            "attribution over sample at attn_out 0",
            "--over",
            "random:1:8",
        ],
    ));
    let point = &told["curves"][0]["points"][0];
    assert_eq!(
        (point["n"].as_u64(), point["over"].as_str()),
        (Some(8), Some("random:1:8"))
    );
    refused(&curve(&["loss", "-o", "fig.gif"]), "not .gif");
    refused(
        &[
            "curve",
            "loss",
            "--model",
            &format!("{folder}/nothing.safetensors"),
        ],
        "is not there",
    );

    // a step that is broken is named, and the others are told
    std::fs::write(format!("{folder}/step-00000060.safetensors"), "nonsense").unwrap();
    let told = output(&curve(&["loss", "--format", "csv"]));
    let said = String::from_utf8(told.stderr).unwrap();
    assert_eq!(told.status.code(), Some(2), "{said}");
    for part in [
        "step 60: cannot read",
        "1 of 7 steps cannot be opened, and are left out",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(String::from_utf8(told.stdout).unwrap().lines().count(), 7);
}
