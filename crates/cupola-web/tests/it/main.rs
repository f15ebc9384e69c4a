//! The web face in process: no sockets but where a socket is what is tested.

mod api;
mod harness;
mod serve;
