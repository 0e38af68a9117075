/** Owns which ways in a server offers, and what the page says to somebody whom none of them lets in. */
import type { Ending, ServerConfig } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { useEffect, useState } from "react";
import type { MessageId } from "../../i18n/index.ts";

export type Way = "guest" | "login" | "register";
export type Offer = Pick<ServerConfig, "guests" | "registration" | "contact">;

/** Used if the server does not say: it refuses what it does not offer, and says why. */
const EVERYTHING: Offer = { guests: true, registration: true, contact: null };
/** How long the form waits for the answer. */
const PATIENCE_MS = 3_000;

/** Returns the ways in, in the order of the tabs. */
export function waysOf(offer: Offer): readonly Way[] {
  return [
    ...(offer.guests ? (["guest"] as const) : []),
    "login",
    ...(offer.registration ? (["register"] as const) : []),
  ];
}

/** Returns who can let in somebody whose way is closed; null if all are open. */
export function whoLetsIn({ guests, registration }: Offer): MessageId | null {
  if (guests && registration) return null;
  if (registration) return "signIn.noGuests";
  return guests ? "signIn.noRegistration" : "signIn.onlyAccounts";
}

/** Returns the way that is offered first: the account of an ended session, else the quickest. */
export function firstWay(ways: readonly Way[], ended: Ending | null): Way {
  if (ended?.user != null && ended.user.guest !== true) return "login";
  return ways[0] ?? "login";
}

/** Returns what is said about an ended session. */
export function whyEnded({ why, user }: Ending): MessageId {
  if (why === "expired") return user?.guest === true ? "ended.guest" : "ended.expired";
  return why === "signed_out" ? "ended.signedOut" : "ended.otherTab";
}

/** Returns where a text leads that is nothing but an address; null for any other text. */
export function linkOf(contact: string): string | null {
  const text = contact.trim();
  if (/^https?:\/\/\S+$/u.test(text)) return text;
  return /^[^\s@:/]+@[^\s@/]+\.[^\s@/]+$/u.test(text) ? `mailto:${text}` : null;
}

/** Returns what the server offers; null until it has answered. */
export function useOffer(): Offer | null {
  const client = useClient();
  const [offer, setOffer] = useState<Offer | null>(null);
  useEffect(() => {
    const late = setTimeout(() => setOffer((known) => known ?? EVERYTHING), PATIENCE_MS);
    let current = true;
    client.config().then(
      (config) => current && setOffer(config),
      () => current && setOffer((known) => known ?? EVERYTHING),
    );
    return () => {
      current = false;
      clearTimeout(late);
    };
  }, [client]);
  return offer;
}
