/** Owns why a message is not sent although the user asked for it. */
import { t } from "../../i18n/index.ts";
import { TEXT_CHARS } from "../../lib/limits.ts";

interface Written {
  /** How many more characters the text may have; below 0 it is too long. */
  readonly left: number;
  /** Whether nothing can be seen of the text. */
  readonly blank: boolean;
  /** The message being edited, if there is one, with the number of its files. */
  readonly edited: { readonly files: number } | null;
  /** Name of a file that could not be uploaded. */
  readonly failedFile: string | null;
}

/** Returns the reason with what to do, or null if nothing stands in the way. */
export function whyNotSent({ left, blank, edited, failedFile }: Written): string | null {
  if (left < 0) return t("composer.tooLong", { n: -left, max: TEXT_CHARS });
  if (edited !== null) return blank && edited.files === 0 ? t("composer.emptyEdit") : null;
  if (failedFile !== null) return t("composer.failedFile", { name: failedFile });
  return null;
}
