//! Sockets on loopback, and nowhere else. Knows no protocol.
