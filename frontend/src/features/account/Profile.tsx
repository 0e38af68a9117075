/** Owns the dialog that changes the display name. */
import type { Person } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { type FormEvent, useState } from "react";
import { t } from "../../i18n/index.ts";
import { explain } from "../../lib/errors.ts";
import { DISPLAY_NAME_CHARS } from "../../lib/limits.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog, DialogActions } from "../../ui/Dialog.tsx";
import { Field, FormError } from "../../ui/Field.tsx";
import form from "../../ui/Form.module.css";

export function Profile({ me, onClose }: { me: Person; onClose: () => void }) {
  const client = useClient();
  const [name, setName] = useState(me.display_name ?? "");
  const [failure, setFailure] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await client.updateMe({ display_name: name.trim() === "" ? null : name.trim() });
      onClose();
    } catch (error) {
      setFailure(explain(error));
    }
  };
  return (
    <Dialog title={t("account.profile")} onClose={onClose}>
      <form className={form.form} onSubmit={submit}>
        <Field
          label={t("account.displayName")}
          hint={t("account.displayNameHint", { name: me.name })}
          value={name}
          maxLength={DISPLAY_NAME_CHARS}
          onChange={(event) => setName(event.target.value)}
          autoFocus
        />
        <FormError text={failure} />
        <DialogActions>
          <Button onPress={onClose}>{t("action.cancel")}</Button>
          <Button variant="primary" type="submit">
            {t("action.save")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
