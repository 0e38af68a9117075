/** Owns the dialog that turns a guest into an account: they keep their rooms and messages and set a password. */
import type { Person } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { type FormEvent, useState } from "react";
import { t } from "../../i18n/index.ts";
import { explain } from "../../lib/errors.ts";
import { called } from "../../lib/person.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog, DialogActions } from "../../ui/Dialog.tsx";
import { FormError } from "../../ui/Field.tsx";
import form from "../../ui/Form.module.css";
import { NewAccountFields, useNewAccount } from "../../ui/NewAccountFields.tsx";

export function Register({ me, onClose }: { me: Person; onClose: () => void }) {
  const client = useClient();
  const [failure, setFailure] = useState<string | null>(null);
  const fields = useNewAccount(failure, { shown: called(me), handle: me.name });
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await client.register(fields.account);
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
        <NewAccountFields fields={fields} />
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
