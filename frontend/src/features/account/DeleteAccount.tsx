/** Owns the dialog that deletes the user's own account. A user who has a password must give it. */
import type { Person } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { type FormEvent, useState } from "react";
import { t } from "../../i18n/index.ts";
import { explain } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog, DialogActions } from "../../ui/Dialog.tsx";
import { Checkbox, Field, FormError } from "../../ui/Field.tsx";
import form from "../../ui/Form.module.css";

export function DeleteAccount({ me, onClose }: { me: Person; onClose: () => void }) {
  const client = useClient();
  const [password, setPassword] = useState("");
  const [messages, setMessages] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await client.deleteMe({ messages, ...(me.guest === true ? {} : { password }) });
    } catch (error) {
      setFailure(explain(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("account.deleteTitle", { name: me.name })} onClose={onClose}>
      <form className={form.form} onSubmit={submit}>
        <p>{t("account.deleteText")}</p>
        <Checkbox
          label={t("account.deleteMessages")}
          checked={messages}
          onChange={(event) => setMessages(event.target.checked)}
        />
        <p className={form.note}>{t("account.deleteMessagesHint")}</p>
        {me.guest !== true && (
          <Field
            label={t("account.password")}
            type="password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            autoComplete="current-password"
            required
            autoFocus
          />
        )}
        <FormError text={failure} />
        <DialogActions>
          <Button onPress={onClose}>{t("action.cancel")}</Button>
          <Button variant="danger" type="submit" isDisabled={busy}>
            {t("account.delete")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
