//! Indicator kernels and the calls around them.

pub mod api;
mod kalman;
mod range;
mod rolling;
mod smoothing;
