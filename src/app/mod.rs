//! The command line, the configuration and the wiring of the program.

pub mod analyze;
pub mod check;
pub mod cli;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod hub;
pub mod init;
pub mod lang;
pub mod last;
pub mod manual;
pub mod metrics;
pub mod notify;
pub mod reload;
pub mod say;
pub mod serve;
pub mod signals;
pub mod snmp_check;
pub mod targets;
pub mod tasks;
pub mod until;
pub mod upnp;
pub mod web;
pub mod web_access;
