/** Owns the limits that the page checks before it asks the server. Those of the product come from the server's code. */
export {
  DESCRIPTION_CHARS,
  DISPLAY_NAME_CHARS,
  FILES_PER_MESSAGE,
  ROOM_NAME_CHARS,
  TEXT_CHARS,
  USER_NAME_CHARS,
  WATCHED_USERS,
} from "@palaver/sdk";

/** A guest finds people by this many characters at least, or by a whole name. */
export const GUEST_SEARCH_CHARS = 3;
/** The counter shows when this many characters or fewer are left. */
export const COUNTER_FROM = 200;
/** Messages of one author within this time form a group. */
export const GROUP_MS = 5 * 60_000;
/** A disconnect is shown only if it lasts longer than this. */
export const QUIET_BREAK_MS = 2_000;
