/**
 * Owns the form of a link for a new password. The link's token is behind the `#`, which no server sees; it is taken out of the
 * address at once, so that it stays neither in the history nor on the screen.
 */
import { useClient } from "@palaver/sdk/react";
import { type FormEvent, useEffect, useState } from "react";
import { navigate, pathOf } from "../../app/router.ts";
import { t } from "../../i18n/index.ts";
import { explain } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { Field, FormError } from "../../ui/Field.tsx";
import { Logo } from "../../ui/Logo.tsx";
import s from "./SignIn.module.css";

export function Reset({ signedIn }: { signedIn: boolean }) {
  const client = useClient();
  const [token] = useState(() => location.hash.slice(1));
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(token === "" ? t("reset.noToken") : null);
  useEffect(() => {
    history.replaceState(history.state, "", location.pathname);
  }, []);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure(null);
    try {
      await client.resetPassword({ token, password });
      navigate(pathOf(null), { replace: true });
    } catch (error) {
      setFailure(explain(error));
      setBusy(false);
    }
  };

  return (
    <main className={s.page}>
      <div className={s.card}>
        <header className={s.head}>
          <Logo size={44} />
          <h1>{t("reset.title")}</h1>
          <p>{t(signedIn ? "reset.textSignedIn" : "reset.text")}</p>
        </header>
        <form className={s.form} onSubmit={submit}>
          <Field
            label={t("reset.password")}
            hint={t("signIn.passwordHint")}
            type="password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            autoComplete="new-password"
            minLength={8}
            required
            autoFocus
          />
          <FormError text={failure} />
          <Button variant="primary" type="submit" isDisabled={busy || token === ""}>
            {t("reset.submit")}
          </Button>
          <Button onPress={() => navigate(pathOf(null), { replace: true })}>{t("action.cancel")}</Button>
        </form>
      </div>
    </main>
  );
}
