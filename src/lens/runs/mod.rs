//! Forward passes: one, a pair, many; interventions carried out; what is seen and what is odd.

pub mod base;
pub mod changed;
pub mod derive;
pub mod edit;
pub mod gradient;
pub mod gridding;
pub mod many;
pub mod observe;
pub mod one;
pub mod overall;
pub mod pair;
pub mod score;
pub mod seen;
pub mod suppose;
pub mod undefined;
pub mod warning;
pub mod window;
