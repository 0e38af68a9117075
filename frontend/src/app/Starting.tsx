/** Owns what is shown before the page knows who is signed in: the logo, and, if that takes long, what is wrong. */
import { useClient, useClientState } from "@palaver/sdk/react";
import { t } from "../i18n/index.ts";
import { explainTrouble } from "../lib/trouble.ts";
import { Logo } from "../ui/Logo.tsx";
import s from "./App.module.css";

export function Starting() {
  const client = useClient();
  const trouble = useClientState((state) => state.connection.trouble);
  // The first attempt may fail in the moment in which a laptop wakes up.
  const isLate = useClientState((state) => state.session === "unknown" && state.connection.attempt > 1);
  return (
    <main className={s.starting}>
      <Logo size={48} />
      {(trouble !== null || isLate) && (
        <div className={s.wrong} role="status">
          <p>{trouble === null ? t("error.network") : explainTrouble(trouble)}</p>
          <button type="button" onClick={() => client.reconnectNow()}>
            {t("action.retry")}
          </button>
        </div>
      )}
    </main>
  );
}
