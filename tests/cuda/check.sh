#!/usr/bin/env bash
# Type-checks the `cuda` feature where there is neither a GPU nor a CUDA compiler: the build scripts
# of the GPU libraries find `nvcc` beside this script, which answers what they ask and writes empty
# kernels. Nothing that this makes can run; it proves that the Rust code compiles.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
mkdir -p "$tools/bin" "$tools/include" "$tools/lib64"
cp tests/cuda/stand-in-nvcc "$tools/bin/nvcc"
chmod +x "$tools/bin/nvcc"
export CUDA_HOME="$tools" CUDA_PATH="$tools" CUDA_ROOT="$tools" CUDA_TOOLKIT_ROOT_DIR="$tools"
export PATH="$tools/bin:$PATH" CUDA_COMPUTE_CAP=80 CUDARC_CUDA_VERSION=13000
cargo check --locked --features cuda
