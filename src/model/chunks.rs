//! Many rows, in chunks: spread over the cores of a processor, one after the other on a GPU.

use super::cost::MAX_CHUNK;
use super::forward::HookedTransformer;
use anyhow::Result;
use rayon::prelude::*;

/// Rows run at once on a processor: larger batches leave its cache and page-fault.
pub const CHUNK: usize = 32;
/// Rows run at once on a GPU, which pays for each launch and not for its width.
const GPU_CHUNK: usize = 4096;
/// Threads that a processor's rows are spread over and that a GPU's one thread may take the memory of.
const GPU_SHARE: usize = 64;

/// So many multiplications, about, are one thing to a processor that may be broken off between them: a quarter of a
/// second.
const UNBROKEN: usize = 1 << 33;

/// How many rows of a model are run at once: fewer where a row holds much, or takes long.
fn rows_at_once(model: &HookedTransformer) -> usize {
    let row = model.config().run_bytes(model.task().seq_len()).max(1);
    if model.device().is_cpu() {
        let work = model.config().run_work(model.task().seq_len()).max(1);
        (MAX_CHUNK / row).min(UNBROKEN / work).clamp(1, CHUNK)
    } else {
        (GPU_SHARE * MAX_CHUNK / row).clamp(1, GPU_CHUNK)
    }
}

/// Runs `work` on chunks of the rows; the results in the order of the rows. What is summed over
/// them in that order does not depend on the number of threads. A GPU's work stays on the calling
/// thread: each thread would have a stream of its own there.
///
/// # Errors
/// The first one of `work`.
pub fn map_chunks<T: Sync, R: Send>(
    model: &HookedTransformer,
    rows: &[T],
    work: impl Fn(&[T]) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    map_chunked(model, std::iter::once(rows), work)
}

/// The same for several lists of rows, none of whose chunks mix.
///
/// # Errors
/// The first one of `work`.
pub fn map_chunked<'a, T: Sync + 'a, R: Send>(
    model: &HookedTransformer,
    lists: impl Iterator<Item = &'a [T]>,
    work: impl Fn(&[T]) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let size = rows_at_once(model);
    let chunks: Vec<&[T]> = lists.flat_map(|rows| rows.chunks(size)).collect();
    if model.device().is_cpu() {
        chunks.into_par_iter().map(&work).collect()
    } else {
        chunks.into_iter().map(work).collect()
    }
}
