//! The running program, seen from outside: one module a subject. Each test starts a server of its own, so that none can
//! see what another did.

mod auth;
mod cluster;
mod connections;
mod convergence;
mod crash;
mod disk;
mod drain;
mod examples;
mod files;
mod functions;
mod golden;
mod matrix;
mod messages;
mod notifications;
mod operator;
mod presence;
mod protocol;
mod rooms;
mod secrets;
mod setup;
mod slow;
mod startup;
