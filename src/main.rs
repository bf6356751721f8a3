//! The `circuitscope` command; everything happens in the library.

use std::process::ExitCode;

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
