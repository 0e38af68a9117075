/** Owns that Back closes a menu or a popover on a phone. Render it inside. */
import { useContext } from "react";
import { OverlayTriggerStateContext } from "react-aria-components";
import { BACK_CLOSES, useBackCloses } from "../lib/back.ts";
import { useMedia } from "../lib/hooks.ts";

export function CloseOnBack() {
  const overlay = useContext(OverlayTriggerStateContext);
  useBackCloses(useMedia(BACK_CLOSES), () => overlay?.close());
  return null;
}
