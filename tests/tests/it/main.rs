//! Tests the running program from outside: one module per subject. Each test starts its own server, so that no test
//! sees what another did.

mod accounts;
mod admin_commands;
mod auth;
mod cluster;
mod connections;
mod convergence;
mod crash;
mod disk;
mod drain;
mod edge;
mod examples;
mod files;
mod functions;
mod golden;
mod matrix;
mod messages;
mod names;
mod notifications;
mod offered;
mod operator;
mod presence;
mod protocol;
mod published;
mod refresh;
mod rooms;
mod secrets;
mod settings;
mod setup;
mod sign_in;
mod slow;
mod startup;
mod text;
