/**
 * Owns immutable maps that are copied once per batch instead of once per change: with 1,000 rooms a page of 500 entries would
 * otherwise copy half a million references. A map that was copied in this batch is not visible to anyone yet, so it is changed
 * in place; the maps that the batch started from, and those it returned, never are.
 */

let fresh: WeakSet<object> | null = null;

/** Runs `work` as one batch; a batch within a batch is part of the outer one. */
export function batch<T>(work: () => T): T {
  if (fresh !== null) return work();
  fresh = new WeakSet();
  try {
    return work();
  } finally {
    fresh = null;
  }
}

export function withEntry<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return own(map, (from) => new Map(from)).set(key, value);
}

export function withoutEntry<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  if (!map.has(key)) return map;
  const rest = own(map, (from) => new Map(from));
  rest.delete(key);
  return rest;
}

export function withMember<T>(set: ReadonlySet<T>, member: T): ReadonlySet<T> {
  return set.has(member) ? set : own(set, (from) => new Set(from)).add(member);
}

export function withoutMember<T>(set: ReadonlySet<T>, member: T): ReadonlySet<T> {
  if (!set.has(member)) return set;
  const rest = own(set, (from) => new Set(from));
  rest.delete(member);
  return rest;
}

/** Returns the collection itself if this batch made it, else a copy that this batch owns. */
function own<R extends object, W extends R>(collection: R, copy: (from: R) => W): W {
  if (fresh?.has(collection)) return collection as W;
  const mine = copy(collection);
  fresh?.add(mine);
  return mine;
}
