//! WebSockets without I/O, the server's side: the HTTP request that asks for one, and its frames.
//!
//! Spec: RFC 6455; RFC 9112 for the request. No extensions: nothing is compressed.

pub mod frame;
pub mod upgrade;
