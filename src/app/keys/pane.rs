//! The panes.

/// A pane that can have the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pane {
    /// The prompt fields.
    Prompt,
    /// Per-position logits.
    Logits,
    /// Attention heatmaps.
    Attention,
    /// Patching grids of layer by position.
    Strips,
    /// The pattern cell grid.
    Cells,
    /// The intervention list.
    Interventions,
    /// The answer to a question, alone on the screen.
    Answer,
    /// The whole input space, alone on the screen.
    Space,
}

impl Pane {
    /// Those of the workbench, in the order of the focus.
    pub const ALL: [Self; 6] = [
        Self::Prompt,
        Self::Logits,
        Self::Attention,
        Self::Strips,
        Self::Cells,
        Self::Interventions,
    ];

    /// Those of a model; one without blocks has neither attention nor grids by layer.
    #[must_use]
    pub fn of(has_blocks: bool) -> Vec<Self> {
        let by_layer = [Self::Attention, Self::Strips, Self::Cells];
        let all = Self::ALL.into_iter();
        all.filter(|pane| has_blocks || !by_layer.contains(pane))
            .collect()
    }

    /// Its name on screen.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Logits => "logits",
            Self::Attention => "attention",
            Self::Strips => "patching",
            Self::Cells => "pattern cells",
            Self::Interventions => "interventions",
            Self::Answer => "answer",
            Self::Space => "input space",
        }
    }
}
