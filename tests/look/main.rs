//! How things look: colours at hand, themes, and the heatmap to the last cell.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod depth;
mod drawing;
mod heatmap;
mod numbers;
mod sizes;
mod themes;

use circuitscope::ui::colour::Depth;
use circuitscope::ui::look::Look;
use circuitscope::ui::theme::Theme;

/// The dark look with that many colours.
fn dark(depth: Depth, ascii: bool) -> Look {
    let theme = Theme::named("dark").unwrap().clone();
    Look {
        theme,
        depth,
        ascii,
    }
}
