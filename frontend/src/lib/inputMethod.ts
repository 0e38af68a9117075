/**
 * Owns the one rule for keys that belong to an input method (for Japanese, Chinese, Korean and others): the user answers the
 * input method with them, so nothing on the page acts on them.
 */

/** Key code of each key that an input method takes. */
const TAKEN = 229;

/**
 * Returns whether a key belongs to an input method. Safari reports the Enter that ends a composition after the composition's
 * end, so that only its key code tells.
 */
export function isForInputMethod(event: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean {
  return event.isComposing || event.keyCode === TAKEN;
}

/**
 * Keeps such keys from every handler of the page, those of libraries too. Call it before anything listens for keys. Returns a
 * function that ends it.
 */
export function leaveKeysToInputMethod(page: Window): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isForInputMethod(event)) return;
    event.stopImmediatePropagation();
    // Enter in a field of one line would submit the form; in a text of many lines the input method decides.
    if (!event.isComposing && event.key === "Enter" && event.target instanceof HTMLInputElement) event.preventDefault();
  };
  page.addEventListener("keydown", onKeyDown, { capture: true });
  return () => page.removeEventListener("keydown", onKeyDown, { capture: true });
}
