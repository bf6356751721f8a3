//! The one thread pool that batched work runs on.

/// Runs `work` where rayon's parallel loops use every core.
pub fn install<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    install_on(cores(), work)
}

/// How many cores there are.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs `work` where rayon's parallel loops use that many threads. candle itself is told to stay on
/// one thread (see `main.rs`): its matrices are too small to be worth waking another, and the rows
/// of a batch are spread over the cores instead.
pub fn install_on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|i| format!("pool-{i}"))
        .build();
    match pool {
        Ok(pool) => pool.install(work),
        // no threads to be had: slower, but right
        Err(_) => work(),
    }
}
