/** Owns the input for the operator's token, with which the first account of a server is registered. */
import { t } from "../i18n/index.ts";
import { Field } from "./Field.tsx";

export function FirstTokenField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <Field
      label={t("signIn.firstToken")}
      hint={t("signIn.firstTokenHint")}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      required
    />
  );
}
