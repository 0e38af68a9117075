/** Owns what is shown for each state of the session: nothing yet, the sign-in form, or the chat. */
import { useClient, useClientState } from "@palaver/sdk/react";
import { useEffect, useState } from "react";
import { type Locale, locale, switchLocale } from "../i18n/index.ts";
import { ErrorBoundary } from "../ui/ErrorBoundary.tsx";
import { onDemand } from "../ui/onDemand.tsx";
import { attempt, Toasts } from "../ui/Toasts.tsx";
import s from "./App.module.css";
import { isReset, usePath } from "./router.ts";
import { Starting } from "./Starting.tsx";

const loadShell = () => import("./Shell.tsx");

const SignIn = onDemand(async () => (await import("../features/session/SignIn.tsx")).SignIn, <Starting />);
const Reset = onDemand(async () => (await import("../features/session/Reset.tsx")).Reset, <Starting />);
const Shell = onDemand(async () => (await loadShell()).Shell, <Starting />);

/** Loads the chat ahead of its use, such as while a user types a name. A failure is shown when the chat is. */
export function preloadChat(): void {
  loadShell().catch(() => undefined);
}

export function App() {
  const client = useClient();
  const resets = isReset(usePath());
  const session = useClientState((state) => state.session);
  const me = useClientState((state) => state.me);
  // Switching the language re-renders everything: no component needs to listen for it.
  const [drawn, setDrawn] = useState(locale());
  const onLocale = (next: Locale) => attempt(switchLocale(next, true).then(() => setDrawn(next)));
  useEffect(() => {
    if (session === "signed_in") preloadChat();
    // The form needs both: it does not wait for one after the other.
    if (session === "signed_out") client.config().catch(() => undefined);
  }, [client, session]);
  return (
    <div className={s.app} key={drawn}>
      <ErrorBoundary>
        {resets && session !== "unknown" && <Reset signedIn={session === "signed_in"} />}
        {session === "unknown" && <Starting />}
        {!resets && session === "signed_out" && <SignIn onType={preloadChat} />}
        {!resets && session === "signed_in" && me !== null && <Shell me={me} onLocale={onLocale} />}
      </ErrorBoundary>
      <Toasts />
    </div>
  );
}
