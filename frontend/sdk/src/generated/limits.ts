// Made by `cargo xtask gen` from crates/domain. Do not edit.
// biome-ignore-all lint: generated
/* eslint-disable */

export const TEXT_CHARS = 4000;
export const FILES_PER_MESSAGE = 10;
export const USER_NAME_CHARS = 32;
export const DISPLAY_NAME_CHARS = 64;
export const ROOM_NAME_CHARS = 80;
export const DESCRIPTION_CHARS = 1000;
export const WATCHED_USERS = 200;
export const RECEIPT_MEMBERS = 20;
export const PINS_PER_ROOM = 100;
export const EMOJIS_PER_MESSAGE = 50;

/** The roles of a room, from the highest to the lowest. */
export const ROLES = ["owner", "admin", "moderator", "member", "read_only"] as const;
