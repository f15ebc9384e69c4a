//! The operations of the model, each with its derivative.
//!
//! A forward function keeps what its backward function needs; a backward function *adds*
//! to the gradients of parameters and *overwrites* (unless its name says otherwise) the
//! gradient that it passes on. Every one is tested against finite differences.

pub(crate) mod attention;
pub(crate) mod embedding;
pub(crate) mod gelu;
pub(crate) mod layer_norm;
pub(crate) mod linear;
pub(crate) mod loss;
pub(crate) mod math;
pub(crate) mod softmax;

#[cfg(test)]
pub(crate) mod gradient_check;
