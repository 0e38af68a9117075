/** Owns returning the focus to a message when what had it is gone: its toolbar, its menu, a dialog about it. */

/** Focuses the element in a moment, if nothing else has taken the focus by then. */
export function focusIfLost(element: HTMLElement | null): void {
  // Menus and dialogs return the focus themselves, a frame after they have closed.
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      if (document.activeElement === document.body || document.activeElement === null) {
        element?.focus({ preventScroll: true });
      }
    }),
  );
}

export function focusMessageIfLost(key: string): void {
  focusIfLost(document.querySelector<HTMLElement>(`article[data-key="${CSS.escape(key)}"]`));
}
