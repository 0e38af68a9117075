/**
 * Owns copying text. Browsers offer the clipboard only to pages that came encrypted; on others the old command copies a selection, and
 * if that fails too the page says so.
 */
import { t } from "../i18n/index.ts";
import { toast } from "./Toasts.tsx";

/** Copies a text. Resolves to whether it worked. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No clipboard on this page, or no permission.
    return copySelection(text);
  }
}

/**
 * Copies a text, and says if it could not: the text is shown then, so that the user can do it.
 * @param done what to say when it worked. A notice covers a part of the conversation: leave it out where success is plain.
 */
export async function copyText(text: string, done?: string): Promise<void> {
  const copied = await copy(text);
  if (!copied) toast(t("copy.failed", { text }));
  else if (done !== undefined) toast(done);
}

function copySelection(text: string): boolean {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  // No keyboard on a phone, and nothing that scrolls or can be seen.
  field.readOnly = true;
  field.style.cssText = "position:fixed;inset-block-start:0;opacity:0;pointer-events:none";
  // An open dialog keeps the focus inside itself: the field has to be there, too.
  const host = before?.closest("[role=dialog], [role=alertdialog], [role=menu]") ?? document.body;
  host.append(field);
  field.focus({ preventScroll: true });
  field.setSelectionRange(0, text.length);
  let copied = false;
  try {
    copied = document.execCommand("copy");
  } catch {
    // The browser has no such command any more.
  }
  field.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  return copied;
}
