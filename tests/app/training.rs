//! A training in the background as the state sees it: what is typed, what it says, and its series that grows.

use crate::workbench::{press, workbench};
use crate::{line_error, told};
use circuitscope::app::{
    Effect, Msg, Steps, TrainJob, TrainNews, TrainPhase, TrainedSoFar, update,
};
use circuitscope::model::Series;
use circuitscope::model::series::Recorded;
use circuitscope::runtime::headless::Headless;
use circuitscope::training::Saves;
use std::path::PathBuf;

/// Types a line and takes what it asks for.
fn typed(bench: &mut Headless, line: &str) -> Vec<Effect> {
    let keys: Vec<String> = line
        .chars()
        .map(|c| {
            if c == ' ' {
                "space".to_owned()
            } else {
                c.to_string()
            }
        })
        .collect();
    press(bench, &format!(": {}", keys.join(" ")));
    let enter = circuitscope::app::parse_script("enter").unwrap()[0];
    update(&mut bench.state, Msg::Key(enter))
}

fn hear(bench: &mut Headless, news: TrainNews) -> Vec<Effect> {
    update(&mut bench.state, Msg::Trained(news))
}

fn saved(step: u64) -> TrainNews {
    TrainNews::Saved {
        step,
        right: "right 0.5 of 512".to_owned(),
        recorded: vec![Recorded {
            step,
            loss: 1.0,
            held_out: None,
        }],
    }
}

/// A workbench that looks at the series of its training, which has written the model before its first step.
fn watching() -> Headless {
    let mut bench = workbench(1);
    typed(&mut bench, "train steps 500");
    let place = PathBuf::from("/trainings/array-update-seed-0");
    let effects = hear(&mut bench, TrainNews::Begun(place.clone()));
    assert!(
        matches!(&effects[..], [Effect::Switch(to)] if to.path.as_deref() == place.to_str()),
        "{effects:?}"
    );
    let series = Series {
        steps: vec![(0, place.join("#0"))],
        place,
        recorded: Vec::new(),
        note: None,
    };
    bench.state.steps = Some(Box::new(Steps::new(series, 0)));
    assert!(hear(&mut bench, saved(0)).is_empty());
    bench
}

fn steps(bench: &Headless) -> (usize, usize) {
    let steps = bench.state.steps.as_ref().unwrap();
    (steps.ahead(), steps.series.steps.len())
}

#[test]
fn words_are_those_of_the_shell_and_what_none_says_is_the_model_on_screen() {
    let mut bench = workbench(2);
    let effects = typed(&mut bench, "train steps 500 seed 3 layers 1 lr 0.01");
    let spoken = match &effects[..] {
        [Effect::Train(TrainJob::Begin(spoken))] => Some(spoken),
        _ => None,
    };
    let spoken = spoken.unwrap();
    let (recipe, config) = (&spoken.recipe, &bench.state.model.config);
    assert_eq!((recipe.steps, recipe.seed, recipe.lr), (500, 3, 0.01));
    assert_eq!((recipe.model.n_layers, recipe.model.n_heads), (1, 2));
    assert_eq!(recipe.model.d_model, config.d_model);
    assert_eq!(
        recipe.model.positional_embedding,
        config.positional_embedding
    );
    assert_eq!(recipe.task, bench.state.task());
    assert_eq!(spoken.saves, Saves::Log(20));
    assert_eq!(recipe.batch, 256);
    // one at a time
    typed(&mut bench, "train steps 10");
    assert!(
        line_error(&bench)
            .unwrap()
            .contains("a training is under way")
    );
}

#[test]
fn what_cannot_be_trained_begins_nothing() {
    for (line, problem) in [
        ("train stepps 5", "no word 'stepps'"),
        ("train steps", "steps of what?"),
        ("train steps x", "invalid value 'x'"),
        ("train lr 99", "lr 99 is not in 0..10"),
        ("train task sort", "the task is the one on screen"),
        ("train save_at log:0", "models in a decade"),
        ("train steps 5 save_at 9", "--save-at has step 9"),
        ("train batch 5 full_batch 0.5", "cannot be used with"),
        ("train pause", "there is no training"),
        ("train keep", "there is no training"),
    ] {
        let mut bench = workbench(1);
        let effects = typed(&mut bench, line);
        assert!(effects.is_empty(), "{line}: {effects:?}");
        let error = line_error(&bench).unwrap();
        assert!(error.contains(problem), "{line}: {error}");
        assert!(bench.state.training.is_none(), "{line}");
    }
}

#[test]
fn who_looks_at_the_newest_is_led_on_and_who_looks_back_stays() {
    let mut bench = watching();
    assert!(matches!(&hear(&mut bench, saved(1))[..], [Effect::Step(1)]));
    // faster than steps are opened: the newest is wanted
    assert!(matches!(&hear(&mut bench, saved(2))[..], [Effect::Step(2)]));
    assert_eq!(steps(&bench), (2, 3));
    bench.send(Msg::Stepped {
        at: 2,
        result: Ok(("two".into(), "2".into())),
    });
    // back to an earlier one: it stays there
    press(&mut bench, ": s t e p space 1");
    let enter = circuitscope::app::parse_script("enter").unwrap()[0];
    assert!(matches!(
        &update(&mut bench.state, Msg::Key(enter))[..],
        [Effect::Step(1)]
    ));
    assert!(hear(&mut bench, saved(5)).is_empty());
    assert_eq!(steps(&bench), (1, 4));
    // the last one again: it follows
    let effects = typed(&mut bench, "step last");
    assert!(matches!(&effects[..], [Effect::Step(3)]), "{effects:?}");
    assert!(matches!(&hear(&mut bench, saved(8))[..], [Effect::Step(4)]));
    assert_eq!(
        bench
            .state
            .steps
            .as_ref()
            .unwrap()
            .series
            .recorded_at(8)
            .map(|one| one.loss),
        Some(1.0)
    );
}

#[test]
fn another_model_that_is_looked_at_stays_and_what_was_missed_is_made_up_for() {
    let mut bench = watching();
    let own = bench.state.steps.take();
    assert!(hear(&mut bench, saved(1)).is_empty());
    assert!(hear(&mut bench, saved(2)).is_empty());
    bench.state.steps = own;
    assert!(matches!(&hear(&mut bench, saved(5))[..], [Effect::Step(3)]));
    let steps = bench.state.steps.as_ref().unwrap();
    let numbers: Vec<u64> = steps.series.steps.iter().map(|(step, _)| *step).collect();
    assert_eq!(numbers, [0, 1, 2, 5]);
}

#[test]
fn an_open_curve_grows_with_the_training() {
    let mut bench = watching();
    typed(&mut bench, "curve loss");
    let effects = hear(&mut bench, saved(1));
    let asks = effects.iter().any(|one| matches!(one, Effect::Ask(_)));
    assert!(asks, "{effects:?}");
}

#[test]
fn it_is_paused_gone_on_with_stopped_and_kept() {
    let mut bench = watching();
    let job = |effects: &[Effect]| match effects {
        [Effect::Train(job)] => Some(job.clone()),
        _ => None,
    };
    assert_eq!(job(&typed(&mut bench, "train go")), None);
    assert!(line_error(&bench).unwrap().contains("is under way"));
    press(&mut bench, "esc");
    assert_eq!(
        job(&typed(&mut bench, "train pause")),
        Some(TrainJob::Pause)
    );
    hear(&mut bench, TrainNews::Paused);
    assert_eq!(
        bench.state.training.as_ref().unwrap().phase,
        TrainPhase::Paused
    );
    assert!(told(&bench).contains("train go"));
    assert_eq!(job(&typed(&mut bench, "train go")), Some(TrainJob::Go));
    hear(&mut bench, TrainNews::Gone);
    assert_eq!(job(&typed(&mut bench, "train stop")), Some(TrainJob::Stop));
    hear(
        &mut bench,
        TrainNews::Ended(Ok("stopped after 5 of 500 steps".into())),
    );
    assert!(told(&bench).contains("stopped after 5 of 500 steps; it is in /trainings"));
    typed(&mut bench, "train pause");
    assert!(
        line_error(&bench)
            .unwrap()
            .contains("the training has ended")
    );
    press(&mut bench, "esc");
    let keep = job(&typed(&mut bench, "train keep mine"));
    assert_eq!(keep, Some(TrainJob::Keep("mine".into())));
    hear(
        &mut bench,
        TrainNews::Kept(Err("mine is there already".into())),
    );
    assert!(bench.state.training.is_some());
    let effects = hear(&mut bench, TrainNews::Kept(Ok("/home/mine".into())));
    // it is the same series, in its new place
    assert!(effects.is_empty(), "{effects:?}");
    assert!(bench.state.training.is_none());
    assert_eq!(bench.state.model.path.as_deref(), Some("/home/mine#0"));
    assert_eq!(bench.state.steps.as_ref().unwrap().path(0), "/home/mine#0");
}

#[test]
fn the_row_says_how_far_it_is() {
    let mut bench = watching();
    let row = |bench: &Headless| {
        let buffer = bench.buffer();
        (0..buffer.area.width)
            .map(|x| buffer[(x, 1)].symbol())
            .collect::<String>()
    };
    hear(
        &mut bench,
        TrainNews::Far(TrainedSoFar {
            step: 125,
            loss: Some(0.25),
            rate: Some(5.0),
        }),
    );
    let text = row(&bench);
    let far = "training 125/500  loss 0.250  right 0.5 of 512  5.00/s  1:15 left";
    assert!(text.contains(far), "{text}");
    hear(&mut bench, TrainNews::Paused);
    assert!(row(&bench).contains("paused 125/500"), "{}", row(&bench));
    // another model is looked at: the training is told all the same
    bench.state.steps = None;
    assert!(row(&bench).contains("paused 125/500"), "{}", row(&bench));
}

#[test]
fn without_a_terminal_nothing_is_trained_and_that_is_told() {
    let mut bench = workbench(1);
    press(&mut bench, ": t r a i n space s t e p s space 5 enter");
    assert!(
        told(&bench).contains("circuitscope train"),
        "{}",
        told(&bench)
    );
    assert!(bench.state.training.is_none());
}
