/** When received frames are applied: a quiet conversation at once, a busy one a few times a second. */
import { beforeEach, expect, it } from "vitest";
import { FramePacer } from "../src/client/frame-pacer.ts";
import type { ServerFrame } from "../src/wire.ts";
import { FakeHost } from "./support/fake-host.ts";
import { AT, live, message } from "./support/frames.ts";

let host: FakeHost;
let pacer: FramePacer;
/** The frames of each time that some were applied. */
let applied: (readonly ServerFrame[])[];

beforeEach(() => {
  host = new FakeHost();
  applied = [];
  pacer = new FramePacer(host, (frames) => void applied.push(frames));
});

const event = (seq: number) => live(message(seq));
const ack: ServerFrame = { t: "ack", id: "c-1", room: "r1", seq: 1, at: AT, dup: false, noop: false };
const all = () => applied.flat();

it("applies ten messages a second each at once", () => {
  for (let seq = 1; seq <= 100; seq++) {
    pacer.take([event(seq)]);
    expect(applied).toHaveLength(seq);
    host.pass(100);
  }
});

it("applies some messages at once that come together after a quiet time", () => {
  for (let seq = 1; seq <= 5; seq++) pacer.take([event(seq)]);
  expect(applied).toHaveLength(5);
});

it("applies fifty messages a second ten times a second, in order, none later than a tenth of a second", () => {
  const sent: ServerFrame[] = [];
  for (let seq = 1; seq <= 500; seq++) {
    sent.push(event(seq));
    pacer.take([event(seq)]);
    host.pass(20);
    expect(all().length).toBeGreaterThanOrEqual(seq - 5);
  }
  host.pass(100);
  expect(all()).toEqual(sent);
  expect(applied.length).toBeLessThanOrEqual(106);
});

it("applies an answer at once, after what arrived before it", () => {
  for (let seq = 1; seq <= 8; seq++) pacer.take([event(seq)]);
  expect(all()).toHaveLength(5);
  pacer.take([ack]);
  expect(all()).toEqual([...[1, 2, 3, 4, 5, 6, 7, 8].map(event), ack]);
  host.pass(1_000);
  expect(all()).toHaveLength(9);
});

it("lets no more than 500 frames wait", () => {
  for (let seq = 1; seq <= 5; seq++) pacer.take([event(seq)]);
  for (let seq = 6; seq <= 504; seq++) pacer.take([event(seq)]);
  expect(all()).toHaveLength(5);
  pacer.take([event(505)]);
  expect(all()).toHaveLength(505);
});

it("waits no longer than a tenth of a second after the clock was set back", () => {
  for (let seq = 1; seq <= 5; seq++) pacer.take([event(seq)]);
  const now = host.now();
  host.now = () => now - 3_600_000;
  pacer.take([event(6)]);
  host.pass(100);
  expect(all()).toHaveLength(6);
});

it("forgets what waits when it is dropped", () => {
  for (let seq = 1; seq <= 8; seq++) pacer.take([event(seq)]);
  pacer.drop();
  host.pass(1_000);
  expect(all()).toHaveLength(5);
});
