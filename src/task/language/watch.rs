//! What is run of a task file is watched: steps, time, memory, and whether it looked at what is hidden.

use nix::time::{ClockId, clock_gettime};
use rand_mt::Mt;
use starlark::eval::Evaluator;
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// The language asks at every so many loops and calls whether to go on.
const STEPS_A_CHECK: u32 = 1000;
/// So many steps one run may take.
pub(super) const MAX_STEPS: u32 = 200_000;
/// So much memory one run may use.
pub(super) const MAX_HEAP: usize = 64 << 20;
/// Calls stand in each other at most so deep.
pub(super) const MAX_CALLS: usize = 100;

thread_local! {
    static DEADLINE: Cell<Option<Duration>> = const { Cell::new(None) };
    static CHECKS: Cell<u32> = const { Cell::new(0) };
    static LOOKED: Cell<bool> = const { Cell::new(false) };
    static RANDOM: RefCell<Option<Mt>> = const { RefCell::new(None) };
}

/// How long this thread has computed: a machine that is busy with other things takes nothing from it. Where the
/// system does not say, steps and memory are the bounds that are left.
fn computed() -> Duration {
    let now = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
    now.map_or(Duration::ZERO, Duration::from)
}

/// Lets what is now run compute for so long; no limit where none is given.
pub(super) fn until(limit: Option<Duration>) {
    DEADLINE.set(limit.map(|limit| computed() + limit));
    begin();
}

/// From now on steps are counted anew.
pub(super) fn begin() {
    CHECKS.set(0);
}

/// Runs a call of ours into the language, after which it asks as if there had been many steps.
pub(super) fn uncounted<R>(run: impl FnOnce() -> R) -> R {
    let result = run();
    CHECKS.set(CHECKS.get().saturating_sub(1));
    result
}

/// Whether there is no more time.
pub(super) fn is_over() -> bool {
    DEADLINE.get().is_some_and(|end| computed() > end)
}

fn is_cancelled() -> bool {
    CHECKS.set(CHECKS.get() + 1);
    CHECKS.get() > MAX_STEPS / STEPS_A_CHECK || is_over()
}

/// Puts all bounds on what an evaluator will run.
pub(super) fn bound(eval: &mut Evaluator<'_, '_, '_>) -> anyhow::Result<()> {
    eval.set_max_callstack_size(MAX_CALLS)?;
    eval.set_max_heap_size(MAX_HEAP)?;
    eval.set_check_cancelled(Box::new(is_cancelled));
    Ok(())
}

/// What the language's own words about a bound mean, and what helps.
pub(super) fn reason(said: &str) -> Option<(String, &'static str)> {
    if said.contains("Evaluation cancelled") {
        let (problem, remedy) = if is_over() {
            (
                "this takes too long".to_owned(),
                "make it quicker, or the task smaller",
            )
        } else {
            (
                format!("this takes more than {MAX_STEPS} steps"),
                "loops and calls must come to an end; make it quicker",
            )
        };
        return Some((problem, remedy));
    }
    if said.contains("Heap memory limit") {
        let problem = format!("this takes more than {} MiB of memory", MAX_HEAP >> 20);
        return Some((problem, "make smaller lists and texts"));
    }
    None
}

/// Someone looked at a value that is hidden.
pub(super) fn look() {
    LOOKED.set(true);
}

/// Whether anyone looked since this was asked last.
pub(super) fn looked() -> bool {
    LOOKED.replace(false)
}

/// Runs something that may draw random numbers from `rng`.
pub(super) fn drawing<R>(rng: &mut Mt, run: impl FnOnce() -> R) -> R {
    let own = std::mem::replace(rng, Mt::new(0));
    RANDOM.replace(Some(own));
    let result = run();
    if let Some(used) = RANDOM.take() {
        *rng = used;
    }
    result
}

/// A number below `n` from the generator at hand.
pub(super) fn below(n: u32) -> anyhow::Result<u32> {
    anyhow::ensure!(n > 0, "nothing can be drawn from nothing");
    RANDOM.with_borrow_mut(|rng| match rng {
        Some(rng) => Ok(crate::task::below(rng, n)),
        None => anyhow::bail!("`random` is there for draw(random) only"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    /// A machine that does something else meanwhile takes no time from what is run.
    #[test]
    fn only_what_is_computed_takes_time() {
        until(Some(Duration::from_millis(30)));
        std::thread::sleep(Duration::from_millis(60));
        assert!(!is_over());
        // far longer than it can take, where the clock stands still
        let begun = Instant::now();
        while !is_over() {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "the clock stands still"
            );
        }
        until(None);
        assert!(!is_over());
    }
}
