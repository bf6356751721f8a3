//! Reading and writing weights: PyTorch `.pt` (zip) and `.safetensors`.
