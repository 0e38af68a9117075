/** Owns the browser's permission to show notifications. It is asked for when the user says so, and never at load. */
import { recall, remember } from "../../lib/storage.ts";

export type Permission = NotificationPermission | "unsupported";

const ASKED = "notifyAsked";

export function permissionNow(): Permission {
  return typeof Notification === "undefined" || !window.isSecureContext ? "unsupported" : Notification.permission;
}

/** Asks the browser, which asks the user. */
export async function askPermission(): Promise<Permission> {
  dismissOffer();
  try {
    return await Notification.requestPermission();
  } catch {
    return permissionNow();
  }
}

/** Returns whether the page offers notifications by itself: once, to somebody who has not decided. */
export function isOfferDue(): boolean {
  return permissionNow() === "default" && !recall(ASKED, false);
}

/** Remembers that the offer was made. */
export function dismissOffer(): void {
  remember(ASKED, true);
}
