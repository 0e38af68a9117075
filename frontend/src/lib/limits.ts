/** Owns the limits that the page checks before it asks the server (crates/domain/src/limits.rs has the same names). */
export const TEXT_CHARS = 4_000;
/** From how few characters left the counter shows. */
export const COUNTER_FROM = 200;
export const FILES_PER_MESSAGE = 10;
/** The most that any server takes by default; one without a store that takes files directly says so before a byte is sent. */
export const FILE_BYTES = 100 * 1024 * 1024;
export const ROOM_NAME_CHARS = 80;
export const WATCHED_PEOPLE = 200;
/** Messages of one author this close together form a group. */
export const GROUP_MS = 5 * 60_000;
/** A break is shown only when it lasts longer. */
export const QUIET_BREAK_MS = 2_000;
