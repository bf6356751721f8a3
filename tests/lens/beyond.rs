//! What is asked of models with more than attention: runs are told, exact answers are refused.

use super::{beyond, models, pair};
use circuitscope::lens::{Direction, Matrices, Tools};
use circuitscope::sweep::Sweep;

#[test]
fn exact_answers_are_refused_with_the_reason() {
    for (name, model) in beyond() {
        let config = model.config();
        let why = config.why_not_exact().unwrap();
        assert!(why.contains("and this one has"), "{name}: {why}");
        for error in [
            Matrices::new(&model).err().unwrap(),
            Tools::new(&model).err().unwrap(),
        ] {
            assert_eq!(format!("{error:#}"), why, "{name}");
        }
        assert!(Matrices::where_exact(&model).unwrap().is_none());
    }
    for (name, model) in models() {
        assert_eq!(model.config().why_not_exact(), None, "{name}");
        assert!(Matrices::where_exact(&model).unwrap().is_some());
    }
}

#[test]
fn a_sweep_goes_its_way_by_forward_passes() {
    for (name, model) in beyond() {
        let experiment = pair(Direction::Denoise);
        let sweep = Sweep::new(&model, None, &experiment).unwrap();
        assert_eq!(
            sweep.reason(),
            model.config().why_not_exact().as_deref(),
            "{name}"
        );
    }
}
