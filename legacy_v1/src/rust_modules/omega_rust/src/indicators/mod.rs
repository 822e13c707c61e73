//! Indicator kernels and the calls around them.

pub mod api;
pub mod api_extra;
mod kalman;
mod logarithm;
mod momentum;
mod range;
mod rolling;
mod smoothing;
mod volatility;
