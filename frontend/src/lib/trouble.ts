/** Owns how a server that does not accept this page is explained: what its operator has to set. */
import type { Trouble } from "@palaver/sdk";
import { t } from "../i18n/index.ts";

export function explainTrouble(trouble: Trouble): string {
  return t(`trouble.${trouble.kind}`, { origin: location.origin });
}
