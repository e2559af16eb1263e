//! The non-coding guard.

mod actions;
mod block;
mod classifiers;
mod declared;
mod kept;
mod left_alone;
mod reroute;
mod reroute_halted;
mod reroute_places;
mod turns;

use super::ask;
