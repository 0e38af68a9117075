import { describe, expect, test } from "vitest";
import {
  type Following,
  type FollowingEvent,
  follows,
  type Geometry,
  isAway,
  next,
  opened,
  seesEnd,
} from "./following.ts";

/** A window of 500 over a conversation of 2,000: the bottom is at 1,500. */
const at = (top: number, height = 2_000, view = 500): Geometry => ({ top, height, view });
const seen = (geometry: Geometry): FollowingEvent => ({ type: "seen", geometry });
const run = (state: Following, ...events: FollowingEvent[]): Following => events.reduce(next, state);
const bottom = run(opened(true), seen(at(1_500)));
const reading = run(bottom, seen(at(900)));

describe("at the bottom", () => {
  test("the list follows, shows no pill, and the end counts as seen", () => {
    expect(follows(bottom)).toBe(true);
    expect(isAway(bottom)).toBe(false);
    expect(seesEnd(bottom)).toBe(true);
  });

  test("a new message does not end it", () => {
    const grown = run(bottom, seen(at(1_500, 2_060)));
    expect(follows(grown)).toBe(true);
    expect(isAway(grown)).toBe(false);
  });

  test("a correction of the list that moves upwards while sizes change does not end it", () => {
    expect(follows(run(bottom, seen(at(1_440, 1_970))))).toBe(true);
  });

  test("a correction whose sizes are in sum what they were does not end it", () => {
    expect(follows(run(bottom, { type: "resized", geometry: at(1_444) }))).toBe(true);
    expect(follows(run(bottom, { type: "held", hold: "reach" }, { type: "resized", geometry: at(1_444) }))).toBe(false);
  });

  test("a move after the first rows were dropped does not end it, unless the reader reaches", () => {
    const settles = run(bottom, { type: "settles", on: true }, seen(at(800, 1_300)));
    expect(follows(run(settles, seen(at(500, 1_300))))).toBe(true);
    expect(
      follows(
        run(settles, { type: "held", hold: "reach" }, seen(at(500, 1_300)), {
          type: "let_go",
          hold: "reach",
          geometry: at(500, 1_300),
        }),
      ),
    ).toBe(false);
    expect(follows(run(settles, seen(at(500, 1_300)), { type: "settles", on: false }, seen(at(400, 1_300))))).toBe(
      false,
    );
  });

  test("a window that shrinks, for example for an on-screen keyboard, does not end it", () => {
    expect(follows(run(bottom, seen(at(1_500, 2_000, 260))))).toBe(true);
  });

  test("a touch, a click and a focus that do not scroll do not end it", () => {
    for (const hold of ["press", "reach", "selection", "menu", "focus"] as const) {
      const touched = run(bottom, { type: "held", hold }, { type: "let_go", hold, geometry: at(1_500) });
      expect(follows(touched), hold).toBe(true);
      expect(follows(run(touched, seen(at(1_500, 2_060)))), hold).toBe(true);
    }
  });
});

describe("released", () => {
  test("by scrolling upwards, even by a few pixels", () => {
    expect(follows(reading)).toBe(false);
    expect(isAway(reading)).toBe(true);
    expect(seesEnd(reading)).toBe(false);
    expect(follows(run(bottom, seen(at(1_494))))).toBe(false);
  });

  test("by scrolling upwards at the moment a message arrives", () => {
    const reached = run(bottom, { type: "held", hold: "reach" }, seen(at(1_480, 2_060)));
    expect(follows(run(reached, { type: "let_go", hold: "reach", geometry: at(1_480, 2_060) }))).toBe(false);
  });

  test("by a jump", () => {
    expect(follows(run(bottom, { type: "left" }))).toBe(false);
  });

  test("new messages move nothing and show in the pill", () => {
    const few = run(bottom, seen(at(1_494)));
    expect(isAway(few), "all of the last message is in sight").toBe(false);
    const grown = run(few, seen(at(1_494, 2_028)));
    expect(follows(grown)).toBe(false);
    expect(isAway(grown)).toBe(true);
  });

  test("history that is loaded above does not bring it back", () => {
    expect(follows(run(reading, seen(at(1_900, 3_000))))).toBe(false);
  });
});

describe("returned", () => {
  test("by scrolling to the bottom or close to it", () => {
    expect(follows(run(reading, seen(at(1_500))))).toBe(true);
    expect(follows(run(reading, seen(at(1_470))))).toBe(true);
    expect(follows(run(reading, seen(at(1_200))))).toBe(false);
  });

  test("by the pill, from wherever the reader was and whatever held the list", () => {
    const pressed = run(reading, { type: "held", hold: "selection" }, { type: "returned" });
    expect(follows(pressed)).toBe(true);
    // Rows are measured while the list scrolls down.
    const going = run(pressed, seen(at(1_500, 2_400)));
    expect(follows(going)).toBe(true);
    expect(isAway(going)).toBe(false);
  });

  test("when the conversation fits the window, for whatever reason", () => {
    expect(follows(run(reading, seen(at(0, 480, 500))))).toBe(true);
    const higher = run(reading, seen(at(0, 2_000, 2_000)));
    expect(isAway(higher)).toBe(false);
    expect(follows(higher)).toBe(true);
  });
});

describe("held at the bottom", () => {
  const held = run(bottom, { type: "held", hold: "selection" }, seen(at(1_500, 2_060)));

  test("nothing moves, and the pill shows new messages, which do not count as seen", () => {
    expect(follows(held)).toBe(false);
    expect(isAway(held)).toBe(true);
    expect(seesEnd(held)).toBe(false);
  });

  test("a finger that is down for a moment shows no pill, and what is below is not seen", () => {
    const pressed = run(bottom, { type: "held", hold: "press" }, seen(at(1_500, 2_060)));
    expect(follows(pressed)).toBe(false);
    expect(isAway(pressed)).toBe(false);
    expect(seesEnd(pressed)).toBe(false);
  });

  test("it returns by itself when the last hold ends", () => {
    const two = run(held, { type: "held", hold: "press" });
    const one = run(two, { type: "let_go", hold: "selection", geometry: at(1_500, 2_060) });
    expect(follows(one)).toBe(false);
    expect(follows(run(one, { type: "let_go", hold: "press", geometry: at(1_500, 2_060) }))).toBe(true);
  });

  test("it does not skip messages that were never in sight", () => {
    const late = run(held, { type: "let_go", hold: "selection", geometry: at(1_500, 2_600) });
    expect(follows(late)).toBe(false);
    expect(isAway(late)).toBe(true);
  });

  test("a window that becomes much lower while the reader reaches for the wheel skips nothing", () => {
    const fits = run(opened(true), seen(at(0, 1_950, 2_000)), { type: "held", hold: "reach" }, seen(at(0, 1_950, 500)));
    expect(follows(run(fits, { type: "let_go", hold: "reach", geometry: at(0, 1_950, 500) }))).toBe(true);
  });

  test("the reader may leave while something holds it", () => {
    const left = run(held, seen(at(1_300, 2_060)));
    expect(follows(run(left, { type: "let_go", hold: "selection", geometry: at(1_300, 2_060) }))).toBe(false);
  });
});

test("an event without effect keeps the state's identity", () => {
  expect(next(bottom, seen(at(1_500)))).toBe(bottom);
  expect(next(bottom, { type: "let_go", hold: "menu", geometry: at(1_500) })).toBe(bottom);
});

test("newer messages that are not loaded are below the window: the end of the loaded ones is not the bottom", () => {
  const distant = run(opened(false), seen(at(900, 1_002_000)), seen(at(1_500, 1_002_000)));
  expect(follows(distant)).toBe(false);
  expect(seesEnd(distant)).toBe(false);
  expect(isAway(distant)).toBe(true);
  // They were loaded, and the reader is still where they were.
  expect(follows(run(distant, seen(at(1_500, 4_000))))).toBe(false);
});
