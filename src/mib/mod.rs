//! SNMP tables: which objects to read and what a row means. Knows no sockets and no client library.
