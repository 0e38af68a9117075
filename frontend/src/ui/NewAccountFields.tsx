/** Owns the fields of a new account: the name that others see, the handle that follows it until it is changed, and the password. */
import { useState } from "react";
import { t } from "../i18n/index.ts";
import { useNeedsFirstToken } from "../lib/firstToken.ts";
import { handleFrom } from "../lib/handleFrom.ts";
import { DISPLAY_NAME_CHARS, USER_NAME_CHARS } from "../lib/limits.ts";
import { Field } from "./Field.tsx";
import { FirstTokenField } from "./FirstTokenField.tsx";

/** What a registration sends. */
interface NewAccount {
  readonly name: string;
  readonly password: string;
  readonly display_name?: string;
  readonly first_token?: string;
}

interface Fields {
  readonly account: NewAccount;
  readonly shown: string;
  readonly handle: string;
  readonly password: string;
  /** Null if none is needed. */
  readonly token: string | null;
  readonly setShown: (shown: string) => void;
  readonly setHandle: (handle: string) => void;
  readonly setPassword: (password: string) => void;
  readonly setToken: (token: string) => void;
}

/**
 * Keeps the fields. A guest (`known`) begins with their names, and keeps the handle unless they choose another name. `failure` is
 * the last refusal: it may say that a token is needed.
 */
export function useNewAccount(
  failure: string | null,
  known?: { readonly shown: string; readonly handle: string },
): Fields {
  const [shown, setShown] = useState(known?.shown ?? "");
  // The handle follows the name until the user changes it.
  const [chosen, setHandle] = useState<string | null>(known?.handle ?? null);
  const [password, setPassword] = useState("");
  const [token, setToken] = useState("");
  const needsToken = useNeedsFirstToken(failure);
  const handle = chosen ?? handleFrom(shown);
  const name = handle.trim();
  const display = shown.trim();
  return {
    account: {
      name,
      password,
      ...(display === name ? {} : { display_name: display }),
      ...(needsToken ? { first_token: token } : {}),
    },
    shown,
    handle,
    password,
    token: needsToken ? token : null,
    setShown: (next) => {
      setShown(next);
      if (known !== undefined && chosen === known.handle) setHandle(null);
    },
    setHandle,
    setPassword,
    setToken,
  };
}

export function NewAccountFields({ fields, autoFocus }: { fields: Fields; autoFocus?: boolean }) {
  return (
    <>
      <Field
        label={t("signIn.name")}
        value={fields.shown}
        onChange={(event) => fields.setShown(event.target.value)}
        autoComplete="name"
        spellCheck={false}
        maxLength={DISPLAY_NAME_CHARS}
        required
        autoFocus={autoFocus}
      />
      <Field
        label={t("signIn.handle")}
        hint={t("account.nameHint")}
        value={fields.handle}
        onChange={(event) => fields.setHandle(event.target.value)}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={USER_NAME_CHARS}
        required
      />
      <Field
        label={t("signIn.password")}
        hint={t("signIn.passwordHint")}
        type="password"
        value={fields.password}
        onChange={(event) => fields.setPassword(event.target.value)}
        autoComplete="new-password"
        minLength={8}
        required
      />
      {fields.token !== null && <FirstTokenField value={fields.token} onChange={fields.setToken} />}
    </>
  );
}
