//! Many rows, in chunks: spread over the cores of a processor, one after the other on a GPU.

use anyhow::Result;
use candle_core::Device;
use rayon::prelude::*;

/// Rows run at once on a processor: larger batches leave its cache and page-fault.
pub const CHUNK: usize = 32;
/// Rows run at once on a GPU, which pays for each launch and not for its width.
const GPU_CHUNK: usize = 4096;

/// Runs `work` on chunks of the rows; the results in the order of the rows. What is summed over
/// them in that order does not depend on the number of threads. A GPU's work stays on the calling
/// thread: each thread would have a stream of its own there.
///
/// # Errors
/// The first one of `work`.
pub fn map_chunks<T: Sync, R: Send>(
    device: &Device,
    rows: &[T],
    work: impl Fn(&[T]) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    if device.is_cpu() {
        rows.par_chunks(CHUNK).map(&work).collect()
    } else {
        rows.chunks(GPU_CHUNK).map(work).collect()
    }
}
