/** Owns the list of devices where the user is signed in. */
import type { SessionInfo } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { useEffect, useState } from "react";
import { t } from "../../i18n/index.ts";
import { explain } from "../../lib/errors.ts";
import { ago } from "../../lib/format.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Skeleton } from "../../ui/Empty.tsx";
import { FormError } from "../../ui/Field.tsx";
import form from "../../ui/Form.module.css";
import { device } from "./device.ts";

export function Sessions({ onClose }: { onClose: () => void }) {
  const client = useClient();
  const [sessions, setSessions] = useState<readonly SessionInfo[] | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    let current = true;
    client.listSessions().then(
      (list) => current && setSessions(list),
      (error: unknown) => current && setFailure(explain(error)),
    );
    return () => {
      current = false;
    };
  }, [client]);
  const end = async (session: SessionInfo) => {
    try {
      await client.endSession(session.id);
      setSessions((all) => all?.filter((one) => one.id !== session.id) ?? null);
    } catch (error) {
      setFailure(explain(error));
    }
  };
  return (
    <Dialog title={t("account.sessions")} onClose={onClose} wide>
      <FormError text={failure} />
      {sessions === null && failure === null && <Skeleton rows={2} avatar={false} />}
      <ul className={form.list}>
        {sessions?.map((session) => (
          <li key={session.id} className={form.item}>
            <span className={form.text}>
              <span className={form.title}>{device(session.userAgent) ?? t("account.unknownDevice")}</span>
              <span className={form.note}>
                {session.current ? t("account.thisSession") : ago(session.lastSeenAt ?? session.createdAt)}
              </span>
            </span>
            {!session.current && (
              <Button small onPress={() => end(session)}>
                {t("account.endSession")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
