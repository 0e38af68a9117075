/** Owns the state of mention completion: which people are offered, which one is highlighted, and what the keys do. */
import type { Person } from "@palaver/sdk";
import { useMemo, useState } from "react";
import { foldHandle } from "../../lib/text/handle.ts";
import { complete, type MentionQuery, mentionAt, suggest } from "./mentions.ts";

interface Mentions {
  readonly open: boolean;
  readonly people: readonly Person[];
  readonly active: number;
  readonly setActive: (index: number) => void;
  /** Updates the suggestions from the text before the caret. */
  readonly look: (text: string, caret: number) => void;
  /** Handles a key; returns false when the key has no meaning here. */
  readonly onKey: (key: string, pick: (person: Person) => void) => boolean;
  readonly apply: (text: string, person: Person) => { text: string; caret: number };
}

export function useMentions(everybody: readonly Person[], self: string): Mentions {
  const [query, setQuery] = useState<MentionQuery | null>(null);
  const [active, setActive] = useState(0);
  const prefix = query?.prefix ?? null;
  const people = useMemo(() => (prefix === null ? [] : suggest(everybody, prefix, self)), [everybody, prefix, self]);
  const open = people.length > 0;
  const marked = people[Math.min(active, people.length - 1)];

  const onKey = (key: string, pick: (person: Person) => void): boolean => {
    if (!open || marked === undefined) return false;
    switch (key) {
      case "ArrowDown":
        setActive((active + 1) % people.length);
        return true;
      case "ArrowUp":
        setActive((active + people.length - 1) % people.length);
        return true;
      case "Enter":
        // The whole name is already typed: Enter sends, as it does elsewhere.
        if (people.length === 1 && foldHandle(prefix ?? "") === foldHandle(marked.name)) return false;
        pick(marked);
        return true;
      case "Tab":
        pick(marked);
        return true;
      case "Escape":
        setQuery(null);
        return true;
      default:
        return false;
    }
  };

  return {
    open,
    people,
    active: Math.min(active, Math.max(people.length - 1, 0)),
    setActive,
    look: (text, caret) => {
      const next = mentionAt(text, caret);
      if (next?.prefix !== prefix) setActive(0);
      setQuery(next);
    },
    onKey,
    apply: (text, person) => {
      setQuery(null);
      return query === null ? { text, caret: text.length } : complete(text, query, person.name);
    },
  };
}
