//! The commands, driven as a user drives them.
