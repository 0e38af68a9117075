/** Owns what an empty draft is. */
import type { Draft } from "../types.ts";

export const EMPTY_DRAFT: Draft = { text: "", replyTo: null, files: [], edit: null };

/** Returns whether nothing would be lost with the draft. */
export function isEmptyDraft({ text, files, edit }: Draft): boolean {
  return text.trim() === "" && files.length === 0 && (edit === null || edit.text === edit.original);
}

/** Returns whether the draft says nothing at all, so that it need not be kept. */
export function isBlankDraft(draft: Draft): boolean {
  return draft.text === "" && draft.replyTo === null && draft.files.length === 0 && draft.edit === null;
}
