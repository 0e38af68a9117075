/** Owns the limits that the page checks before it asks the server (crates/domain/src/limits.rs has the same names). */
export const TEXT_CHARS = 4_000;
/** The counter shows when this many characters or fewer are left. */
export const COUNTER_FROM = 200;
export const FILES_PER_MESSAGE = 10;
/** The largest file that any server accepts by default; without direct uploads it is refused before a byte is sent. */
export const FILE_BYTES = 100 * 1024 * 1024;
export const ROOM_NAME_CHARS = 80;
export const WATCHED_PEOPLE = 200;
/** Messages of one author within this time form a group. */
export const GROUP_MS = 5 * 60_000;
/** A disconnect is shown only if it lasts longer than this. */
export const QUIET_BREAK_MS = 2_000;
