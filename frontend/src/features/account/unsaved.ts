/** Owns whether a sign-out asks first. */
import type { Person } from "@palaver/sdk";

export interface Unsaved {
  readonly unsent: number;
  readonly drafts: number;
}

/** Returns whether a sign-out asks first: a guest cannot come back, and what is only on this device is deleted. */
export function asksBeforeSignOut(me: Person, { unsent, drafts }: Unsaved): boolean {
  return me.guest === true || unsent > 0 || drafts > 0;
}
