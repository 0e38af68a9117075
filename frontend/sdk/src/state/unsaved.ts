/** Owns what a sign-out would lose: it deletes everything of the user on this device. */
import { isEmptyDraft } from "./draft.ts";
import type { Core } from "./model.ts";

/** Counts the messages and changes that the server does not have yet, and the rooms with a draft. */
export function unsaved(core: Pick<Core, "outbox" | "drafts">): { unsent: number; drafts: number } {
  const unsent = core.outbox.filter((item) => item.seq === null && item.kind !== "join" && item.kind !== "leave").length;
  const drafts = [...core.drafts.values()].filter((draft) => !isEmptyDraft(draft)).length;
  return { unsent, drafts };
}
