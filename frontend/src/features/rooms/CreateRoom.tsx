/** Owns the dialog that creates a room. */
import { useClient } from "@palaver/sdk/react";
import { type FormEvent, useState } from "react";
import { t } from "../../i18n/index.ts";
import { explain } from "../../lib/errors.ts";
import { DESCRIPTION_CHARS, ROOM_NAME_CHARS } from "../../lib/limits.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog, DialogActions } from "../../ui/Dialog.tsx";
import { Checkbox, Choice, Field, FormError } from "../../ui/Field.tsx";
import form from "../../ui/Form.module.css";

interface Props {
  readonly onClose: () => void;
  readonly onCreated: (room: string) => void;
}

export function CreateRoom({ onClose, onCreated }: Props) {
  const client = useClient();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [kind, setKind] = useState<"public" | "private">("public");
  const [hidesPast, setHidesPast] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure(null);
    try {
      const room = await client.createRoom({
        name: name.trim(),
        kind,
        ...(description.trim() === "" ? {} : { description: description.trim() }),
        ...(kind === "private" ? { hidesPast } : {}),
      });
      onCreated(room);
    } catch (error) {
      setFailure(explain(error));
      setBusy(false);
    }
  };

  return (
    <Dialog title={t("rooms.create")} onClose={onClose}>
      <form className={form.form} onSubmit={submit}>
        <Field
          label={t("create.name")}
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={ROOM_NAME_CHARS}
          required
          autoFocus
        />
        <Field
          label={t("create.description")}
          hint={t("create.descriptionHint")}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
          maxLength={DESCRIPTION_CHARS}
        />
        <Choice
          label={t("create.kind")}
          value={kind}
          onChange={setKind}
          options={[
            { value: "public", label: t("create.public"), hint: t("create.publicHint") },
            { value: "private", label: t("create.private"), hint: t("create.privateHint") },
          ]}
        />
        {kind === "private" && (
          <Checkbox
            label={t("create.hidesPast")}
            checked={hidesPast}
            onChange={(event) => setHidesPast(event.target.checked)}
          />
        )}
        <FormError text={failure} />
        <DialogActions>
          <Button onPress={onClose}>{t("action.cancel")}</Button>
          <Button variant="primary" type="submit" isDisabled={busy || name.trim() === ""}>
            {t("create.submit")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
