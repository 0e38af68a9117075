/**
 * Owns the handle that is made from a person's name: `mariagomez` from `Maria Gómez`. The server makes the same one for a guest,
 * with a suffix if it is taken.
 */
import { DISPLAY_NAME_CHARS, USER_NAME_CHARS } from "./limits.ts";
import { isHandle, isWord } from "./text/handle.ts";

/** Returns the name itself if it can be a handle, else one made of its letters; empty if it has too few. */
export function handleFrom(name: string): string {
  const typed = name.trim().normalize("NFC");
  if (isHandle(typed)) return typed;
  let letters = "";
  let isLatin = false;
  for (const c of typed
    .slice(0, 4 * DISPLAY_NAME_CHARS)
    .normalize("NFD")
    .toLowerCase()) {
    if (/^\p{M}$/u.test(c)) {
      // The accents of Latin letters; the marks of other scripts are letters to their readers.
      if (!isLatin) letters += c;
    } else if (isWord(c)) {
      isLatin = /^\p{Script=Latin}$/u.test(c);
      letters += c;
    }
  }
  const handle = [...letters.normalize("NFC")].slice(0, USER_NAME_CHARS).join("");
  return isHandle(handle) ? handle : "";
}
