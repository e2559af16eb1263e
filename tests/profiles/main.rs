//! Plans of several vendors behind one stack.

mod all;
#[path = "../stack/capture.rs"]
mod capture;
mod files;
mod tripwire;
mod wire;
