/**
 * Owns which row of a list shows its toolbar: one at a time. An open menu comes first, then a toolbar that has the keyboard's focus,
 * then whatever the reader did last: pointing at a row or moving the focus to it.
 */
export interface Claims {
  readonly held: string | null;
  readonly inToolbar: string | null;
  readonly hovered: string | null;
  readonly focused: string | null;
  readonly last: "hovered" | "focused";
}

export const NO_CLAIMS: Claims = { held: null, inToolbar: null, hovered: null, focused: null, last: "hovered" };

export type Claim = "held" | "inToolbar" | "hovered" | "focused";

/**
 * Returns the claims after a row began (`on`) or ceased to be held, pointed at or focused.
 * @param byReader `false`: the row came under a pointer that rests.
 */
export function claim(claims: Claims, what: Claim, key: string, on: boolean, byReader = true): Claims {
  // A row that ceases has no claim any more if another one has taken its place meanwhile.
  if (!on) return claims[what] === key ? { ...claims, [what]: null } : claims;
  const last = !byReader ? claims.last : what === "hovered" || what === "focused" ? what : claims.last;
  return { ...claims, [what]: key, last };
}

/** Returns the key of the row whose toolbar shows. */
export function owner({ held, inToolbar, hovered, focused, last }: Claims): string | null {
  return held ?? inToolbar ?? (last === "focused" ? (focused ?? hovered) : (hovered ?? focused));
}

/** Keeps the claims of one list, so that a row re-renders only when its own toolbar comes or goes. */
export class ToolbarOwner {
  private claims = NO_CLAIMS;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  get key(): string | null {
    return owner(this.claims);
  }

  set(what: Claim, key: string, on: boolean, byReader = true): void {
    const before = this.key;
    this.claims = claim(this.claims, what, key, on, byReader);
    if (this.key !== before) for (const listener of this.listeners) listener();
  }
}
