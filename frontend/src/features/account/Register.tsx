/** Owns the dialog that turns a guest into an account: they keep their rooms and messages and set a password. */
import type { Person } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { type FormEvent, useState } from "react";
import { t } from "../../i18n/index.ts";
import { explain } from "../../lib/errors.ts";
import { useNeedsFirstToken } from "../../lib/firstToken.ts";
import { USER_NAME_CHARS } from "../../lib/limits.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog, DialogActions } from "../../ui/Dialog.tsx";
import { Field, FormError } from "../../ui/Field.tsx";
import { FirstTokenField } from "../../ui/FirstTokenField.tsx";
import form from "../../ui/Form.module.css";

export function Register({ me, onClose }: { me: Person; onClose: () => void }) {
  const client = useClient();
  const [name, setName] = useState(me.name);
  const [password, setPassword] = useState("");
  const [token, setToken] = useState("");
  const [failure, setFailure] = useState<string | null>(null);
  const needsToken = useNeedsFirstToken(true, failure);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await client.register({ name: name.trim(), password, ...(needsToken ? { first_token: token } : {}) });
      onClose();
    } catch (error) {
      setFailure(explain(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("account.register")} onClose={onClose}>
      <form className={form.form} onSubmit={submit}>
        <p>{t("account.registerText")}</p>
        <Field
          label={t("signIn.name")}
          value={name}
          onChange={(event) => setName(event.target.value)}
          autoComplete="username"
          autoCapitalize="none"
          maxLength={USER_NAME_CHARS}
          required
        />
        <Field
          label={t("signIn.password")}
          hint={t("signIn.passwordHint")}
          type="password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          autoComplete="new-password"
          minLength={8}
          required
        />
        {needsToken && <FirstTokenField value={token} onChange={setToken} />}
        <FormError text={failure} />
        <DialogActions>
          <Button onPress={onClose}>{t("action.cancel")}</Button>
          <Button variant="primary" type="submit" isDisabled={busy}>
            {t("signIn.create")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
