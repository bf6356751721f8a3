#!/usr/bin/env bash
# Builds the `cuda` feature in full, release, where no CUDA toolkit is installed: compiler, headers
# and libraries come as Python packages. Takes a folder for them (1.5 GB); says how long each step
# took. Not part of `.ci/run`: it takes a quarter of an hour. See docs/gpu.md.
#
# What it makes runs where the NVIDIA driver and the CUDA libraries are. The driver's own library is
# no package; to link without one, and to try how the program starts where there is no device, a
# stand-in is made whose every function answers CUDA_ERROR_NO_DEVICE.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(realpath -m "${1:?"usage: $0 FOLDER-FOR-THE-TOOLKIT"}")
mkdir -p "$folder/packages"
cuda="$folder/root/nvidia/cu13"
step() { local began=$SECONDS; "$@"; printf '%s: %d s\n' "$*" $((SECONDS - began)); }

# CUDA 13.0 throughout: candle ships PTX, which a driver older than its compiler refuses.
toolkit() {
  python3 -m pip download -q --no-deps -d "$folder/packages" \
    nvidia-cuda-nvcc==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88 \
    nvidia-cuda-cccl==13.0.85 nvidia-cuda-runtime==13.0.96 nvidia-cuda-nvrtc==13.0.88 \
    nvidia-cublas==13.0.2.14 nvidia-curand==10.4.0.35
  for package in "$folder"/packages/*.whl; do python3 -m zipfile -e "$package" "$folder/root"; done
  chmod +x "$cuda"/bin/* "$cuda"/nvvm/bin/*
  ln -sfn lib "$cuda/lib64"
  for library in "$cuda"/lib/lib*.so.*; do
    ln -sfn "$(basename "$library")" "${library%%.so.*}.so"
  done
}

stand_in_driver() {
  mkdir -p "$cuda/lib/stubs"
  gcc -E -P -x c -I"$cuda/include" "$cuda/include/cuda.h" |
    grep -oE '\bcu[A-Z][A-Za-z0-9_]*[[:space:]]*\(' | tr -d ' (' | sort -u |
    sed 's/.*/int &(void) { return 100; }/' |
    gcc -x c -shared -fPIC -o "$cuda/lib/stubs/libcuda.so.1" -Wl,-soname,libcuda.so.1 -
  ln -sfn libcuda.so.1 "$cuda/lib/stubs/libcuda.so"
}

[[ -x $cuda/bin/nvcc ]] || step toolkit
step stand_in_driver
export CUDA_HOME="$cuda" PATH="$cuda/bin:$PATH" LIBRARY_PATH="$cuda/lib:$cuda/lib/stubs"
# 80 makes PTX that every later GPU can take, Hopper too; 90 would make it for Hopper alone
export CUDA_COMPUTE_CAP="${CUDA_COMPUTE_CAP:-80}" CUDAFORGE_THREADS="${CUDAFORGE_THREADS:-$(nproc)}"
step cargo build --locked --release --features cuda

# without a device it says so, and computes on the processor
binary="${CARGO_TARGET_DIR:-target}/release/circuitscope"
export LD_LIBRARY_PATH="$cuda/lib:$cuda/lib/stubs"
ls -l "$binary"
"$binary" devices
"$binary" run 14 26 35 1 48 > "$folder/by-itself" 2> "$folder/note"
"$binary" run --device cpu 14 26 35 1 48 > "$folder/asked-for"
cat "$folder/note"
if "$binary" devices | grep -q '^cuda:0 *not usable'; then
  grep -q 'no GPU in use' "$folder/note"
  cmp "$folder/by-itself" "$folder/asked-for"
fi
