//! What a key does in two words, where the footer says nothing of it: the menu of all keys.

use super::action::Action;
use super::table::Binding;

/// Actions whose keys have no hint in the footer.
const BRIEF: &[(Action, &str)] = &[
    (Action::ValueUp, "value up"),
    (Action::ValueDown, "value down"),
    (Action::PreviousExample, "example back"),
    (Action::PreviousCounterfactual, "corrupt back"),
    (Action::JumpToExample, "go to example"),
    (Action::RandomExample, "random one"),
    (Action::NextCase, "next failing"),
    (Action::PreviousCase, "failing back"),
    (Action::EarlierAnswer, "answer back"),
    (Action::LaterAnswer, "answer on"),
    (Action::EarlierStep, "step back"),
    (Action::LaterStep, "step on"),
    (Action::CycleMeasure, "measure"),
    (Action::CycleTheme, "colours"),
    (Action::Redo, "redo"),
    (Action::FollowPair, "pair's metric"),
    (Action::Fix, "fix"),
    (Action::AskSources, "head sources"),
    (Action::AskMetrics, "all measures"),
    (Action::AskModels, "two models"),
    (Action::CopyTable, "copy numbers"),
    (Action::Share, "copy session"),
    (Action::TakeUp, "take up again"),
    (Action::OpenTutorial, "tutorial"),
    (Action::FoldLesson, "step's text"),
    (Action::Hottest, "largest"),
    (Action::SetCell, "set"),
    (Action::ScaleCell, "scale"),
    (Action::ResampleCell, "resample"),
    (Action::SurveyCell, "all ablations"),
    (Action::NudgeDown, "lower"),
    (Action::PreviousHead, "head back"),
    (Action::PreviousQuestion, "back"),
    (Action::Closer, "closer"),
    (Action::Further, "further"),
    (Action::NextFlagged, "next marked !"),
    (Action::DropClaim, "drop claim"),
];

/// What a key does, in at most 13 letters: its hint in the footer, or what stands for it here.
#[must_use]
pub fn brief(binding: &Binding) -> &'static str {
    let listed = || BRIEF.iter().find(|(action, _)| *action == binding.action);
    match binding.hint {
        "" => listed().map_or(binding.help, |(_, words)| words),
        hint => hint,
    }
}

#[cfg(test)]
mod tests {
    use super::super::action::Group;
    use super::super::table::{BINDINGS, Where};
    use super::*;

    #[test]
    fn every_key_of_the_menu_is_told_in_two_words() {
        let on_menu = |one: &&Binding| {
            let here = matches!(one.at, Where::Everywhere | Where::Pane(_));
            here && one.action.group() != Group::Move
        };
        for binding in BINDINGS.iter().filter(on_menu) {
            let words = brief(binding);
            assert!(words.chars().count() <= 13, "{:?}: {words}", binding.action);
        }
    }
}
