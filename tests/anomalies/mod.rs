//! The anomaly detector, in front of synthetic and of labelled series.

mod detector;
mod score;
