/** Owns the dialog that changes the display name and the handle. A new handle requires the current password. */
import type { Person } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { type FormEvent, useState } from "react";
import { t } from "../../i18n/index.ts";
import { explain } from "../../lib/errors.ts";
import { DISPLAY_NAME_CHARS, USER_NAME_CHARS } from "../../lib/limits.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog, DialogActions } from "../../ui/Dialog.tsx";
import { Field, FormError } from "../../ui/Field.tsx";
import form from "../../ui/Form.module.css";

export function Profile({ me, onClose }: { me: Person; onClose: () => void }) {
  const client = useClient();
  const [shown, setShown] = useState(me.display_name ?? "");
  const [name, setName] = useState(me.name);
  const [password, setPassword] = useState("");
  const [failure, setFailure] = useState<string | null>(null);
  const renames = name.trim() !== me.name;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const handle = renames ? { name: name.trim(), old_password: password } : {};
    try {
      await client.updateMe({ display_name: shown.trim() === "" ? null : shown.trim(), ...handle });
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
          value={shown}
          maxLength={DISPLAY_NAME_CHARS}
          onChange={(event) => setShown(event.target.value)}
          autoFocus
        />
        {me.guest !== true && (
          <Field
            label={t("account.name")}
            hint={t("account.nameHint")}
            value={name}
            maxLength={USER_NAME_CHARS}
            onChange={(event) => setName(event.target.value)}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
          />
        )}
        {renames && (
          <Field
            label={t("account.password")}
            hint={t("account.passwordHint")}
            type="password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            autoComplete="current-password"
            required
          />
        )}
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
