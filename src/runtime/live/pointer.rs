//! The mouse: what is under the pointer, and whether a click is the second one there.

use super::super::input::Button;
use super::Live;
use crate::app::{Gesture, Msg, Spot};
use std::time::{Duration, Instant};

/// Two clicks at one place within this time are one gesture.
const DOUBLE: Duration = Duration::from_millis(400);

/// What was clicked last, where on the screen and when. The second click is on what the first one was on, even
/// where that one has moved it away.
#[derive(Default)]
pub(super) struct Clicks {
    last: Option<(Instant, (u16, u16), Spot)>,
}

impl Clicks {
    /// What a press of the left button is, at a place where this stands.
    fn press(
        &mut self,
        now: Instant,
        at: (u16, u16),
        under: impl FnOnce() -> Option<Spot>,
    ) -> Option<(Spot, Gesture)> {
        if let Some((before, place, spot)) = self.last.take()
            && place == at
            && now.saturating_duration_since(before) <= DOUBLE
        {
            return Some((spot, Gesture::Double));
        }
        let spot = under()?;
        self.last = Some((now, at, spot));
        Some((spot, Gesture::Click))
    }
}

impl Live {
    /// What the mouse means on what is drawn.
    pub(super) fn pointed(&mut self, button: Button, at: (u16, u16)) -> Option<Msg> {
        let size = self.screen.size().ok()?;
        let (state, look) = (&self.state, &self.options.look);
        let under = || crate::ui::pointed(state, look, (size.width, size.height), at);
        let (spot, gesture) = match button {
            Button::Left => self.clicks.press(Instant::now(), at, under)?,
            Button::WheelUp => (under()?, Gesture::Up),
            Button::WheelDown => (under()?, Gesture::Down),
        };
        Some(Msg::Pointed { spot, gesture })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_click_soon_at_the_same_place_is_on_what_the_first_one_was_on() {
        let (here, there) = ((3, 4), (4, 4));
        let (first, second) = (Spot::Position(1), Spot::Position(2));
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut clicks = Clicks::default();
        let mut press = |ms, at, spot| clicks.press(after(ms), at, || Some(spot));
        assert_eq!(press(0, here, first), Some((first, Gesture::Click)));
        assert_eq!(press(400, here, second), Some((first, Gesture::Double)));
        // the third is a first one
        assert_eq!(press(500, here, second), Some((second, Gesture::Click)));
        // elsewhere, or too late
        assert_eq!(press(600, there, first), Some((first, Gesture::Click)));
        assert_eq!(press(1001, there, first), Some((first, Gesture::Click)));
        assert_eq!(clicks.press(after(2000), here, || None), None);
    }
}
