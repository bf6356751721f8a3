//! The `circuitscope` command; everything happens in the library.

use std::process::ExitCode;

/// A forward pass takes and returns dozens of buffers of about 150 kB. The system's allocator hands
/// such back to the kernel each time, and fetching them again costs as much as filling them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // candle reads this at every matrix product. One thread each: our own pool spreads the rows
    // of a batch over the cores, which is four times as fast as waking a pool per product.
    #[expect(
        unsafe_code,
        reason = "no other thread exists yet, so nothing can read the environment meanwhile"
    )]
    unsafe {
        std::env::set_var("RAYON_NUM_THREADS", "1");
    }
    circuitscope::cli::main()
}
