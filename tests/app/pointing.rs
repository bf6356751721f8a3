//! The mouse: what it does is what keys do, and what is not there changes nothing.

use crate::workbench::{press, workbench};
use crate::{look_at, typed_lines};
use circuitscope::app::{Action, Gesture, Mode, Msg, Pane, Part, Side, Spot, StripColumn};
use circuitscope::runtime::headless::Headless;

fn point(bench: &mut Headless, spot: Spot, gesture: Gesture) {
    bench.send(Msg::Pointed { spot, gesture });
}

#[test]
fn a_click_focuses_the_pane_and_moves_its_cursor() {
    let mut bench = workbench(2);
    let attention = Spot::Attention {
        layer: 0,
        head: 1,
        dest: 5,
        src: 2,
    };
    point(&mut bench, attention, Gesture::Click);
    let view = &bench.state.view;
    assert_eq!(view.focus, Pane::Attention);
    let at = view.attention;
    assert_eq!((at.layer, at.head, at.dest, at.src), (0, 1, 5, 2));
    let strip = Spot::Strip {
        row: 3,
        layer: 0,
        column: StripColumn::All,
    };
    point(&mut bench, strip, Gesture::Click);
    let at = bench.state.view.strips;
    assert_eq!((at.row, at.layer, at.column), (3, 0, StripColumn::All));
    point(&mut bench, Spot::Cell { dest: 4, src: 1 }, Gesture::Click);
    point(&mut bench, Spot::Position(6), Gesture::Click);
    let view = &bench.state.view;
    assert_eq!((view.cells.dest, view.cells.src), (4, 1));
    assert_eq!((view.focus, view.position), (Pane::Logits, 6));
    point(&mut bench, Spot::Pane(Pane::Interventions), Gesture::Click);
    assert_eq!(bench.state.view.focus, Pane::Interventions);
}

#[test]
fn a_click_in_a_field_types_there() {
    let mut bench = workbench(1);
    let field = |column| Spot::Field(Side::Corrupted, Part(0), column);
    point(&mut bench, field(2), Gesture::Click);
    press(&mut bench, "9");
    let fields = &bench.state.fields;
    assert_eq!(fields.selected(), (Side::Corrupted, Part(0)));
    assert!(fields.text(Side::Corrupted, Part(0)).starts_with("1 9"));
}

#[test]
fn a_double_click_is_what_enter_does_and_is_taken_back() {
    let spot = Spot::Strip {
        row: 0,
        layer: 1,
        column: StripColumn::Pos(3),
    };
    let mut bench = workbench(1);
    point(&mut bench, spot, Gesture::Click);
    point(&mut bench, spot, Gesture::Double);
    let mut typed = workbench(1);
    point(&mut typed, spot, Gesture::Click);
    press(&mut typed, "enter");
    let list = |bench: &Headless| bench.state.study().interventions.clone();
    assert_eq!(list(&bench).len(), 1);
    assert_eq!(list(&bench), list(&typed));
    assert_eq!(look_at(&bench).experiment, look_at(&typed).experiment);
    press(&mut bench, "u");
    assert!(list(&bench).is_empty());
}

#[test]
fn the_wheel_moves_the_cursor_under_the_pointer_and_leaves_the_focus() {
    let mut bench = workbench(1);
    let before = bench.state.view.strips.row;
    point(&mut bench, Spot::Pane(Pane::Strips), Gesture::Down);
    assert_eq!(bench.state.view.strips.row, before + 3);
    assert_eq!(bench.state.view.focus, Pane::Prompt);
    for _ in 0..40 {
        point(&mut bench, Spot::Pane(Pane::Strips), Gesture::Up);
    }
    assert_eq!(bench.state.view.strips.row, 0);
    press(&mut bench, "?");
    point(&mut bench, Spot::Help, Gesture::Down);
    assert!(matches!(&bench.state.mode, Mode::Help(view) if view.at == 3));
}

#[test]
fn keys_that_are_named_can_be_clicked() {
    let mut bench = workbench(1);
    point(&mut bench, Spot::Does(Action::OpenHelp), Gesture::Click);
    assert!(matches!(bench.state.mode, Mode::Help(_)));
    point(&mut bench, Spot::HelpKey(5), Gesture::Click);
    assert!(matches!(&bench.state.mode, Mode::Help(view) if view.at == 5));
    press(&mut bench, "esc tab space");
    let menu = Spot::Menu(Action::CycleRun);
    let shown = bench.state.view.shown;
    point(&mut bench, menu, Gesture::Click);
    assert!(matches!(bench.state.mode, Mode::Normal));
    assert_ne!(bench.state.view.shown, shown);
    press(&mut bench, ":");
    let Mode::Line(line) = &bench.state.mode else {
        unreachable!("no line");
    };
    let word = line.found[1].line.clone();
    point(&mut bench, Spot::Found(1), Gesture::Click);
    assert_eq!(typed_lines(&bench), [format!("{word} ")]);
}

/// Nothing below a help, a menu, a line or a list can be pointed at, nor what there is not.
#[test]
fn what_is_not_there_changes_nothing() {
    let workbench_only = [
        Spot::Pane(Pane::Logits),
        Spot::Position(1),
        Spot::Cell { dest: 1, src: 1 },
        Spot::Field(Side::Corrupted, Part(0), 0),
        Spot::Intervention(0),
        Spot::Answer(0, 0),
    ];
    let nowhere = [
        Spot::Pane(Pane::Answer),
        Spot::Pane(Pane::Space),
        Spot::Position(usize::MAX),
        Spot::Cell { dest: 1, src: 999 },
        Spot::Attention {
            layer: 9,
            head: 0,
            dest: 0,
            src: 0,
        },
        Spot::Strip {
            row: 999,
            layer: 0,
            column: StripColumn::All,
        },
        Spot::Field(Side::Clean, Part(99), 0),
        Spot::Intervention(7),
        Spot::Answer(0, 0),
        Spot::SpaceRow(0),
        Spot::Step(0),
        Spot::Finding(0),
        Spot::Preview,
        Spot::HelpKey(usize::MAX),
        Spot::Found(usize::MAX),
        Spot::Note { title: true },
        Spot::Does(Action::DoSelected),
        Spot::Menu(Action::SaveNote),
    ];
    for (keys, spots) in [
        ("esc", &nowhere[..]),
        ("?", &workbench_only),
        ("tab space", &workbench_only),
        (":", &workbench_only),
        ("F", &workbench_only),
        ("b", &workbench_only),
    ] {
        let mut bench = workbench(1);
        press(&mut bench, keys);
        let before = bench.buffer();
        for &spot in spots {
            for gesture in [Gesture::Click, Gesture::Double, Gesture::Up, Gesture::Down] {
                point(&mut bench, spot, gesture);
                assert_eq!(bench.buffer(), before, "{keys}: {spot:?} {gesture:?}");
            }
        }
    }
}
