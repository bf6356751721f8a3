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
    map_chunked(device, std::iter::once(rows), work)
}

/// The same for several lists of rows, none of whose chunks mix.
///
/// # Errors
/// The first one of `work`.
pub fn map_chunked<'a, T: Sync + 'a, R: Send>(
    device: &Device,
    lists: impl Iterator<Item = &'a [T]>,
    work: impl Fn(&[T]) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let size = if device.is_cpu() { CHUNK } else { GPU_CHUNK };
    let chunks: Vec<&[T]> = lists.flat_map(|rows| rows.chunks(size)).collect();
    if device.is_cpu() {
        chunks.into_par_iter().map(&work).collect()
    } else {
        chunks.into_iter().map(work).collect()
    }
}
