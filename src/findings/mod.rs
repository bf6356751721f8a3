//! What leaves the program: pictures of a frame, snapshots, files written whole or not at all.
