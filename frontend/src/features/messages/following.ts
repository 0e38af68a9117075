/**
 * Owns whether the list follows new messages: a state machine that the pill, the badge and the read marks derive from.
 * It is pure and knows no element and no clock: `useFollowing` reports what happened and scrolls when `follows` says
 * so.
 *
 * Either the list is at the bottom and follows, or the reader has released it and it stays put. While it is at the
 * bottom, something may hold it: a finger that is down, selected text, an open menu. The list does not move under
 * these, and when the last hold ends it returns to the bottom by itself, unless that would skip messages that were
 * never in sight.
 */

/** The list's scroll geometry, in pixels. */
export interface Geometry {
  /** Height of the content above the window: `scrollTop`. */
  readonly top: number;
  /** Height of the whole content, at least that of the window. */
  readonly height: number;
  /** Height of the window: `clientHeight`. */
  readonly view: number;
}

/** Why the list does not move although it is at the bottom. `reach`: the reader may be about to scroll upwards. */
export type Hold = "press" | "reach" | "selection" | "menu" | "focus";

export interface Following {
  readonly phase: "at_bottom" | "released";
  readonly holds: ReadonlySet<Hold>;
  readonly geometry: Geometry;
  /** Whether the list finds its place after its first rows were dropped: moves are then its own. */
  readonly settles: boolean;
}

export type FollowingEvent =
  /** The list was scrolled. */
  | { readonly type: "seen"; readonly geometry: Geometry }
  /** The list or its window may have another size, and the list corrects its position. */
  | { readonly type: "resized"; readonly geometry: Geometry }
  | { readonly type: "held"; readonly hold: Hold }
  | { readonly type: "let_go"; readonly hold: Hold; readonly geometry: Geometry }
  /** The page moves elsewhere on behalf of the reader: to a linked message, to the "New" line. */
  | { readonly type: "left" }
  /** The first rows were dropped, and the list corrects its position: until `on` is false. */
  | { readonly type: "settles"; readonly on: boolean }
  /** The reader asked for the bottom: with the pill, or by sending a message. */
  | { readonly type: "returned" };

/** Browsers round positions: this little below the window counts as nothing. */
const ROUNDING_PX = 1;
/** The space below the last message: with this much below the window, the whole message is in sight. */
const AT_END_PX = 8;
/** A reader who scrolls to within this distance of the bottom meant the bottom. */
const NEAR_PX = 40;

const NONE: ReadonlySet<Hold> = new Set();
/** Holds too short for anyone to read a pill: the pill would only flicker. */
const MOMENTARY: ReadonlySet<Hold> = new Set<Hold>(["press", "reach"]);

/** Returns the state in which a room opens. */
export function opened(atBottom: boolean): Following {
  return {
    phase: atBottom ? "at_bottom" : "released",
    holds: NONE,
    geometry: { top: 0, height: 0, view: 0 },
    settles: false,
  };
}

export function next(state: Following, event: FollowingEvent): Following {
  switch (event.type) {
    case "seen":
      return seen(state, event.geometry);
    case "resized":
      return seen(state, event.geometry, true);
    case "held":
      return state.holds.has(event.hold) ? state : { ...state, holds: new Set([...state.holds, event.hold]) };
    case "let_go":
      return letGo(state, event.hold, event.geometry);
    case "left":
      return state.phase === "released" ? state : { ...state, phase: "released" };
    case "settles":
      return state.settles === event.on ? state : { ...state, settles: event.on };
    case "returned":
      return { ...state, phase: "at_bottom", holds: NONE };
  }
}

function seen(state: Following, geometry: Geometry, resized = false): Following {
  const { phase, geometry: before, holds } = state;
  if (before.top === geometry.top && before.height === geometry.height && before.view === geometry.view) return state;
  const sameSize = before.height === geometry.height && before.view === geometry.view;
  const below = hidden(geometry);
  if (below <= ROUNDING_PX) return { ...state, phase: "at_bottom", geometry };

  // The list corrects its position when rows turn out higher or lower than expected, and then sizes change, if only in
  // sum to what they were. A move without such a change, or while the reader reaches for the wheel, is the reader's.
  const byReader = (sameSize && !resized && !state.settles) || holds.has("reach");
  if (phase === "at_bottom" && geometry.top < before.top && byReader) return { ...state, phase: "released", geometry };
  if (phase === "released" && geometry.top > before.top && sameSize && below <= NEAR_PX) {
    return { ...state, phase: "at_bottom", geometry };
  }
  return { ...state, geometry };
}

function letGo(state: Following, hold: Hold, geometry: Geometry): Following {
  if (!state.holds.has(hold)) return state;
  const holds = new Set(state.holds);
  holds.delete(hold);
  const after = seen(state, geometry);
  // A reach is too short to hide much: a large gap then means that the window became that much lower.
  const leaps = hold !== "reach" && holds.size === 0 && hidden(after.geometry) > after.geometry.view;
  return { ...after, holds, phase: leaps ? "released" : after.phase };
}

/** Returns how much is below the window. */
function hidden({ top, height, view }: Geometry): number {
  return height - top - view;
}

/** Returns whether the list must stay at the bottom, now and after every new message. */
export function follows(state: Following): boolean {
  return state.phase === "at_bottom" && state.holds.size === 0;
}

/**
 * Returns whether the end of the conversation is in sight, or will be once it is rendered: all of it counts as read.
 */
export function seesEnd(state: Following): boolean {
  return follows(state) || hidden(state.geometry) <= AT_END_PX;
}

/** Returns whether to offer the pill, and to show in the room list how much is unread. */
export function isAway(state: Following): boolean {
  const returnsSoon = state.phase === "at_bottom" && [...state.holds].every((hold) => MOMENTARY.has(hold));
  return !returnsSoon && !seesEnd(state);
}
