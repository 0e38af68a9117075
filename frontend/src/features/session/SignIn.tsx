/** Owns signing in: as a guest with a name, with a password, or with a new account. */
import { useClient } from "@palaver/sdk/react";
import { type FormEvent, useState } from "react";
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import { t } from "../../i18n/index.ts";
import { explain } from "../../lib/errors.ts";
import { useNeedsFirstToken } from "../../lib/firstToken.ts";
import { USER_NAME_CHARS } from "../../lib/limits.ts";
import { Button } from "../../ui/Button.tsx";
import { Field, FormError } from "../../ui/Field.tsx";
import { FirstTokenField } from "../../ui/FirstTokenField.tsx";
import { Logo } from "../../ui/Logo.tsx";
import s from "./SignIn.module.css";

type Way = "guest" | "login" | "register";

export function SignIn() {
  return (
    <main className={s.page}>
      <div className={s.card}>
        <header className={s.head}>
          <Logo size={44} />
          <h1>Palaver</h1>
          <p>{t("signIn.welcome")}</p>
        </header>
        <Tabs className={s.tabs ?? ""}>
          <TabList className={s.tabList ?? ""} aria-label={t("signIn.how")}>
            <Tab id="guest" className={s.tab ?? ""}>
              {t("signIn.guest")}
            </Tab>
            <Tab id="login" className={s.tab ?? ""}>
              {t("signIn.login")}
            </Tab>
            <Tab id="register" className={s.tab ?? ""}>
              {t("signIn.register")}
            </Tab>
          </TabList>
          {(["guest", "login", "register"] as const).map((way) => (
            <TabPanel key={way} id={way} className={s.panel ?? ""}>
              <Form way={way} />
            </TabPanel>
          ))}
        </Tabs>
      </div>
    </main>
  );
}

const SUBMIT = { guest: "signIn.asGuest", login: "signIn.submit", register: "signIn.create" } as const;
const NOTE = { guest: "signIn.guestNote", login: null, register: "signIn.registerNote" } as const;

function Form({ way }: { way: Way }) {
  const client = useClient();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const needsToken = useNeedsFirstToken(way === "register", failure);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure(null);
    try {
      if (way === "guest") await client.guest({ name: name.trim() });
      else if (way === "login") await client.login({ name: name.trim(), password });
      else await client.register({ name: name.trim(), password, ...(needsToken ? { first_token: token } : {}) });
    } catch (error) {
      setFailure(explain(error));
      setBusy(false);
    }
  };

  const note = NOTE[way];
  return (
    <form className={s.form} onSubmit={submit}>
      <Field
        label={t("signIn.name")}
        value={name}
        onChange={(event) => setName(event.target.value)}
        autoComplete={way === "guest" ? "nickname" : "username"}
        autoCapitalize="none"
        spellCheck={false}
        maxLength={USER_NAME_CHARS}
        required
        autoFocus
      />
      {way !== "guest" && (
        <Field
          label={t("signIn.password")}
          type="password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          autoComplete={way === "register" ? "new-password" : "current-password"}
          {...(way === "register" ? { minLength: 8, hint: t("signIn.passwordHint") } : {})}
          required
        />
      )}
      {needsToken && <FirstTokenField value={token} onChange={setToken} />}
      <FormError text={failure} />
      <Button variant="primary" type="submit" isDisabled={busy}>
        {t(SUBMIT[way])}
      </Button>
      {note !== null && <p className={s.note}>{t(note)}</p>}
    </form>
  );
}
