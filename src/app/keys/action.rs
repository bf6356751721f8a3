//! What keys can do; the key table says which key does what.

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Leave the program.
    Quit,
    /// Open the help.
    OpenHelp,
    /// Show only keys that have a text in what they do.
    FilterHelp,
    /// The help's other page.
    TurnHelp,
    /// Do what the help's cursor is on.
    DoSelected,
    /// A menu of all keys: the next one does it.
    OpenMenu,
    /// Close what is open, step by step.
    Back,
    /// Focus the next pane.
    NextPane,
    /// Focus the previous pane.
    PreviousPane,
    /// Type a value into the field at hand.
    TypeField,
    /// The next value in the field at hand.
    ValueUp,
    /// The value before it.
    ValueDown,
    /// The answer that was looked at before.
    EarlierAnswer,
    /// The one that was come back from.
    LaterAnswer,
    /// The model as it was a step earlier.
    EarlierStep,
    /// The model as it was a step later.
    LaterStep,
    /// Show the focused pane alone.
    Zoom,
    /// Next example of the sample.
    NextExample,
    /// Previous example of the sample.
    PreviousExample,
    /// Ask for an example's number.
    JumpToExample,
    /// Some example of the sample.
    RandomExample,
    /// Next way to corrupt the clean prompt.
    NextCounterfactual,
    /// Previous way to corrupt the clean prompt.
    PreviousCounterfactual,
    /// Patch the other way round.
    FlipDirection,
    /// Type a metric.
    EditMetric,
    /// Let the metric follow the pair.
    FollowPair,
    /// Switch the continuation between the truth and the model's own.
    CycleContinuation,
    /// Show another run.
    CycleRun,
    /// Type a command.
    OpenCommand,
    /// Take back the last change.
    Undo,
    /// Do it again.
    Redo,
    /// Remove all interventions.
    ClearInterventions,
    /// Do what the warning offers.
    Fix,
    /// Save pictures and numbers of the screen.
    Snapshot,
    /// Take up the session that was left behind.
    TakeUp,
    /// Copy the focused pane's numbers.
    CopyTable,
    /// Copy the session as one line.
    Share,
    /// Look through the findings.
    OpenFindings,
    /// Look through the embedded model's own solution.
    OpenTutorial,
    /// The folder's findings or the program's.
    SwitchFindings,
    /// Keep what is on screen as a finding.
    KeepFinding,
    /// Show the selected finding in every pane.
    LookAt,
    /// Show only findings that have a text.
    Search,
    /// Sort the findings by something else.
    Sort,
    /// Give the finding another title.
    Rename,
    /// Edit the finding's note.
    EditNote,
    /// Put the finding in the trash.
    Trash,
    /// Write all findings as one page.
    Report,
    /// The title or the note.
    OtherText,
    /// Write what was typed.
    SaveNote,
    /// Next theme.
    CycleTheme,
    /// Stop the program for a while.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Up.
    Up,
    /// Down.
    Down,
    /// Left.
    Left,
    /// Right.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first.
    First,
    /// To the last.
    Last,
    /// Next head, across layers.
    NextHead,
    /// Previous head, across layers.
    PreviousHead,
    /// Probabilities or scores.
    ToggleScores,
    /// Cut the attention cell off.
    KnockCell,
    /// Raise the attention cell.
    NudgeUp,
    /// Lower the attention cell.
    NudgeDown,
    /// Type a value for the attention cell.
    TypeValue,
    /// Patch what the cursor is on.
    PatchCell,
    /// Ask why the attention cell is what it is.
    AskWhy,
    /// Ask what adds to the logits.
    AskAttribution,
    /// Ask which paths add to the logit under the cursor.
    AskPaths,
    /// Look at the weights' circuits.
    AskCircuit,
    /// Ask in which inputs the entry under the cursor does most.
    AskInputs,
    /// Ask for the head's attention, averaged over the sample.
    AskMean,
    /// Show the whole grid in focus as a table, or path patching.
    AskGrid,
    /// Show all measures together.
    AskMetrics,
    /// Ask what becomes of the model without each edge.
    AskNecessity,
    /// Ask what each head adds by what it attends to.
    AskSources,
    /// Put two models side by side.
    AskModels,
    /// Ask what becomes of the model when the circuit keeps few directions.
    AskRanks,
    /// Another measure of the metric.
    CycleMeasure,
    /// Fold the text of the tutorial's step up, or show it again.
    FoldLesson,
    /// Put something beside the answer.
    Compare,
    /// Keep the answer where it is, beside the next one; or let it go, or go over to it.
    Pin,
    /// Type a row and a column to go to.
    FindCell,
    /// To the next thing that the palette found.
    NextFound,
    /// To the previous one, or to what was typed before.
    PreviousFound,
    /// Add what the answer's cell stands for, or take it away again.
    TakeCell,
    /// Type a question.
    OpenQuestion,
    /// The next question of its kind.
    NextQuestion,
    /// The previous question of its kind.
    PreviousQuestion,
    /// The sample's mean or this run; scaled or not.
    ToggleQuestion,
    /// To the cell that stands out most.
    Hottest,
    /// To the next cell with a mark.
    NextFlagged,
    /// Show fewer rows and columns of a picture, larger.
    Closer,
    /// Show more of them.
    Further,
    /// Judge the patched run by the clean run's answer or the corrupted run's.
    SwitchJudge,
    /// Look at the whole input space.
    OpenSpace,
    /// Open the selected row's input, or check its claim.
    OpenRow,
    /// The next input worth a look.
    NextCase,
    /// The previous one.
    PreviousCase,
    /// Inputs by loss or by margin.
    SortCases,
    /// Type a claim.
    OpenClaim,
    /// Keep the selected claim with the study, or let it go.
    KeepClaim,
    /// Take the selected claim off the list.
    DropClaim,
    /// Write the focused pane's numbers.
    Export,
    /// Zero ablation of what the cursor is on.
    ZeroCell,
    /// Mean ablation, over the sample, of what the cursor is on.
    MeanCell,
    /// Type a number for the grid's cell.
    SetCell,
    /// Type a factor for the grid's cell.
    ScaleCell,
    /// Type which fields a resampled activation keeps in the grid's cell.
    ResampleCell,
    /// Asks for every ablation of the grid's cell at once.
    SurveyCell,
    /// Edit the selected intervention.
    EditIntervention,
    /// Switch the selected intervention off or on.
    ToggleIntervention,
    /// Remove the selected intervention.
    RemoveIntervention,
    /// Take the typed line.
    Accept,
    /// Complete the word.
    Complete,
}

/// What an action is for: how the help and the menu put them in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Seeing something else of what is there.
    Look,
    /// Changing what is run.
    Change,
    /// Asking for an answer.
    Ask,
    /// What stays: files, findings, the clipboard.
    Keep,
    /// Moving about, and the program itself.
    Move,
}

impl Group {
    /// All, in the order of the help.
    pub const ALL: [Self; 5] = [Self::Look, Self::Change, Self::Ask, Self::Keep, Self::Move];

    /// Its heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Change => "change",
            Self::Ask => "ask",
            Self::Keep => "keep",
            Self::Move => "move and leave",
        }
    }
}

impl Action {
    /// What it is for.
    #[must_use]
    pub const fn group(self) -> Group {
        use Action::{
            AskAttribution, AskCircuit, AskGrid, AskInputs, AskMean, AskMetrics, AskModels,
            AskNecessity, AskPaths, AskRanks, AskSources, AskWhy, ClearInterventions, Closer,
            Compare, CopyTable, CycleContinuation, CycleMeasure, CycleRun, CycleTheme, DropClaim,
            EarlierAnswer, EditIntervention, EditMetric, EditNote, Export, Fix, FlipDirection,
            FoldLesson, FollowPair, Further, Hottest, JumpToExample, KeepClaim, KeepFinding,
            KnockCell, LaterAnswer, LookAt, MeanCell, NextCase, NextCounterfactual, NextExample,
            NextFlagged, NextHead, NextQuestion, NudgeDown, NudgeUp, OpenClaim, OpenCommand,
            OpenFindings, OpenQuestion, OpenRow, OpenSpace, OpenTutorial, PatchCell, Pin,
            PreviousCase, PreviousCounterfactual, PreviousExample, PreviousHead, PreviousQuestion,
            RandomExample, Redo, RemoveIntervention, Rename, Report, ResampleCell, SaveNote,
            ScaleCell, SetCell, Share, Snapshot, SortCases, SurveyCell, SwitchJudge, TakeCell,
            TakeUp, ToggleIntervention, ToggleQuestion, ToggleScores, Trash, TypeField, TypeValue,
            Undo, ValueDown, ValueUp, ZeroCell, Zoom,
        };
        match self {
            CycleRun | ToggleScores | NextHead | PreviousHead | Zoom | CycleTheme | SwitchJudge
            | Hottest | NextFlagged | Closer | Further | Compare | Pin | NextQuestion
            | PreviousQuestion | ToggleQuestion | EarlierAnswer | LaterAnswer | SortCases
            | OpenRow | NextCase | PreviousCase | LookAt | NextExample | PreviousExample
            | JumpToExample | RandomExample | FoldLesson => Group::Look,
            TypeField
            | ValueUp
            | ValueDown
            | NextCounterfactual
            | PreviousCounterfactual
            | FlipDirection
            | EditMetric
            | FollowPair
            | CycleContinuation
            | CycleMeasure
            | OpenCommand
            | Undo
            | Redo
            | ClearInterventions
            | Fix
            | KnockCell
            | NudgeUp
            | NudgeDown
            | TypeValue
            | PatchCell
            | ZeroCell
            | MeanCell
            | SetCell
            | ScaleCell
            | ResampleCell
            | TakeCell
            | EditIntervention
            | ToggleIntervention
            | RemoveIntervention => Group::Change,
            AskWhy | AskAttribution | AskPaths | AskCircuit | AskInputs | AskMean | AskGrid
            | AskMetrics | AskNecessity | AskSources | AskModels | AskRanks | OpenQuestion
            | OpenSpace | OpenClaim | SurveyCell => Group::Ask,
            Snapshot | TakeUp | CopyTable | Share | OpenFindings | OpenTutorial | KeepFinding
            | KeepClaim | DropClaim | Rename | EditNote | Trash | Report | SaveNote | Export => {
                Group::Keep
            }
            _ => Group::Move,
        }
    }
}
