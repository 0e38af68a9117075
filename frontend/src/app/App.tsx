/** Owns what is shown for each state of the session: nothing yet, the sign-in form, or the chat. */
import { useClientState } from "@palaver/sdk/react";
import { useState } from "react";
import { type Locale, locale, switchLocale } from "../i18n/index.ts";
import { ErrorBoundary } from "../ui/ErrorBoundary.tsx";
import { Logo } from "../ui/Logo.tsx";
import { onDemand } from "../ui/onDemand.tsx";
import { attempt, Toasts } from "../ui/Toasts.tsx";
import s from "./App.module.css";
import { isReset, usePath } from "./router.ts";
import { Shell } from "./Shell.tsx";

const SignIn = onDemand(async () => (await import("../features/session/SignIn.tsx")).SignIn);

const Reset = onDemand(async () => (await import("../features/session/Reset.tsx")).Reset);

export function App() {
  const resets = isReset(usePath());
  const session = useClientState((state) => state.session);
  const me = useClientState((state) => state.me);
  // Switching the language re-renders everything: no component needs to listen for it.
  const [drawn, setDrawn] = useState(locale());
  const onLocale = (next: Locale) => attempt(switchLocale(next, true).then(() => setDrawn(next)));
  return (
    <div className={s.app} key={drawn}>
      <ErrorBoundary>
        {resets && session !== "unknown" && <Reset signedIn={session === "signed_in"} />}
        {session === "unknown" && (
          <div className={s.starting}>
            <Logo size={48} />
          </div>
        )}
        {!resets && session === "signed_out" && <SignIn />}
        {!resets && session === "signed_in" && me !== null && <Shell me={me} onLocale={onLocale} />}
      </ErrorBoundary>
      <Toasts />
    </div>
  );
}
