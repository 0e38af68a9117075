/**
 * Owns whether the list follows what arrives: a state machine that the pill, the badge and the read marks derive from.
 * It is pure. It knows no element and no clock: `useFollowing` tells what happened and scrolls when `follows` says so.
 *
 * The list is at the bottom and follows, or the reader released it and it stays. While it is at the bottom, something may
 * hold it: a finger that is down, selected text, an open menu. Nothing moves under these, and when the last one lets go
 * the list returns to the bottom by itself, unless that would leap over messages that were never in sight.
 */

/** Where the list stands, in pixels. */
export interface Geometry {
  /** Height of what is above the window: `scrollTop`. */
  readonly top: number;
  /** Height of everything, at least that of the window. */
  readonly height: number;
  /** Height of the window: `clientHeight`. */
  readonly view: number;
}

/** Why the list stands still though it is at the bottom. `reach`: the reader may be about to scroll upwards. */
export type Hold = "press" | "reach" | "selection" | "menu" | "focus";

export interface Following {
  readonly phase: "at_bottom" | "released";
  readonly holds: ReadonlySet<Hold>;
  readonly geometry: Geometry;
}

export type FollowingEvent =
  /** The list was scrolled, or it or its window changed its size. */
  | { readonly type: "seen"; readonly geometry: Geometry }
  | { readonly type: "held"; readonly hold: Hold }
  | { readonly type: "let_go"; readonly hold: Hold; readonly geometry: Geometry }
  /** The page goes to another place on behalf of the reader: to a linked message, to the "New" line. */
  | { readonly type: "left" }
  /** The reader asked for the bottom: by the pill, by a message of their own. */
  | { readonly type: "returned" };

/** Browsers round positions: this little below the window is nothing. */
const ROUNDING_PX = 1;
/** The space below the last message: with so much below the window, all of the message is in sight. */
const AT_END_PX = 8;
/** A reader who scrolls down to this little above the bottom meant the bottom. */
const NEAR_PX = 40;

const NONE: ReadonlySet<Hold> = new Set();
/** Holds that are over before somebody could read a pill: one would only flicker. */
const MOMENTARY: ReadonlySet<Hold> = new Set<Hold>(["press", "reach"]);

/** The state in which a room opens. */
export function opened(atBottom: boolean): Following {
  return { phase: atBottom ? "at_bottom" : "released", holds: NONE, geometry: { top: 0, height: 0, view: 0 } };
}

export function next(state: Following, event: FollowingEvent): Following {
  switch (event.type) {
    case "seen":
      return seen(state, event.geometry);
    case "held":
      return state.holds.has(event.hold) ? state : { ...state, holds: new Set([...state.holds, event.hold]) };
    case "let_go":
      return letGo(state, event.hold, event.geometry);
    case "left":
      return state.phase === "released" ? state : { ...state, phase: "released" };
    case "returned":
      return { ...state, phase: "at_bottom", holds: NONE };
  }
}

function seen(state: Following, geometry: Geometry): Following {
  const { phase, geometry: before, holds } = state;
  if (before.top === geometry.top && before.height === geometry.height && before.view === geometry.view) return state;
  const sameSize = before.height === geometry.height && before.view === geometry.view;
  const below = hidden(geometry);
  if (below <= ROUNDING_PX) return { ...state, phase: "at_bottom", geometry };

  // The list corrects its place when rows turn out higher or lower than expected, and then sizes change. A move without
  // such a change, or while the reader reaches for the wheel, is the reader's.
  const byReader = sameSize || holds.has("reach");
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
  // A reach is over too soon to hide much: then it is the window that became so much lower.
  const leaps = hold !== "reach" && holds.size === 0 && hidden(after.geometry) > after.geometry.view;
  return { ...after, holds, phase: leaps ? "released" : after.phase };
}

/** How much is below the window. */
function hidden({ top, height, view }: Geometry): number {
  return height - top - view;
}

/** Whether the list has to stand at the bottom, now and after whatever arrives. */
export function follows(state: Following): boolean {
  return state.phase === "at_bottom" && state.holds.size === 0;
}

/** Whether the end of the conversation is in sight, or will be as soon as it is drawn: all of it counts as read. */
export function seesEnd(state: Following): boolean {
  return follows(state) || hidden(state.geometry) <= AT_END_PX;
}

/** Whether to offer the way down, and to say in the list of rooms how much is unread. */
export function isAway(state: Following): boolean {
  const returnsSoon = state.phase === "at_bottom" && [...state.holds].every((hold) => MOMENTARY.has(hold));
  return !returnsSoon && !seesEnd(state);
}
