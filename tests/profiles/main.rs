//! Plans of several vendors behind one stack.

mod tripwire;
mod wire;
