/** Owns signing in: as a guest with a name, with a password, or with a new account, as far as the server offers these. */
import { useClient, useClientState } from "@palaver/sdk/react";
import { type FormEvent, type ReactNode, useState } from "react";
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import { t } from "../../i18n/index.ts";
import { explain } from "../../lib/errors.ts";
import { handleFrom } from "../../lib/handleFrom.ts";
import { DISPLAY_NAME_CHARS } from "../../lib/limits.ts";
import { Button } from "../../ui/Button.tsx";
import { Field, FormError } from "../../ui/Field.tsx";
import { Logo } from "../../ui/Logo.tsx";
import { NewAccountFields, useNewAccount } from "../../ui/NewAccountFields.tsx";
import { firstWay, linkOf, type Offer, useOffer, type Way, waysOf, whoLetsIn, whyEnded } from "./offer.ts";
import s from "./SignIn.module.css";

const TAB = { guest: "signIn.guest", login: "signIn.login", register: "signIn.register" } as const;

interface Props {
  /** Called when the user begins to type: the chat will be needed soon. */
  readonly onType: () => void;
}

export function SignIn({ onType }: Props) {
  const ended = useClientState((state) => state.ended);
  const offer = useOffer();
  return (
    <main className={s.page} onInput={onType}>
      <div className={s.card}>
        <header className={s.head}>
          <Logo size={44} />
          <h1>Palaver</h1>
          <p>{t("signIn.welcome")}</p>
        </header>
        {ended !== null && (
          <p className={s.ended} role="status">
            {t(whyEnded(ended))}
          </p>
        )}
        {offer === null ? <div className={s.loading} aria-busy="true" /> : <Ways offer={offer} />}
      </div>
    </main>
  );
}

function Ways({ offer }: { offer: Offer }) {
  const ended = useClientState((state) => state.ended);
  const ways = waysOf(offer);
  const closed = whoLetsIn(offer);
  const who = closed !== null && <Who text={t(closed)} contact={offer.contact} />;
  const user = ended?.user ?? null;
  const known = user === null || user.guest === true ? "" : user.name;
  if (ways.length === 1) {
    return (
      <div className={s.only}>
        <LoginForm known={known} />
        {who}
      </div>
    );
  }
  return (
    <Tabs className={s.tabs ?? ""} defaultSelectedKey={firstWay(ways, ended)}>
      <TabList className={s.tabList ?? ""} aria-label={t("signIn.how")}>
        {ways.map((way) => (
          <Tab key={way} id={way} className={s.tab ?? ""}>
            {t(TAB[way])}
          </Tab>
        ))}
      </TabList>
      {ways.map((way: Way) => (
        <TabPanel key={way} id={way} className={s.panel ?? ""}>
          {way === "guest" && <GuestForm />}
          {way === "login" && <LoginForm known={known} />}
          {way === "register" && <RegisterForm />}
        </TabPanel>
      ))}
      {who}
    </Tabs>
  );
}

/** Says who can let in somebody who has no account here. */
function Who({ text, contact }: { text: string; contact: string | null }) {
  const link = contact === null ? null : linkOf(contact);
  return (
    <div className={s.who}>
      <p>{text}</p>
      {contact !== null && <p dir="auto">{link === null ? contact : <a href={link}>{contact.trim()}</a>}</p>}
    </div>
  );
}

interface FormProps {
  /** Signs in; rejects with what went wrong. */
  readonly enter: () => Promise<unknown>;
  readonly action: string;
  readonly note?: string;
  readonly children: ReactNode;
  readonly onFailure?: (failure: string | null) => void;
}

function Form({ enter, action, note, children, onFailure }: FormProps) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const fail = (text: string | null) => {
    setFailure(text);
    onFailure?.(text);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    fail(null);
    try {
      await enter();
    } catch (error) {
      fail(explain(error));
      setBusy(false);
    }
  };
  return (
    <form className={s.form} onSubmit={submit}>
      {children}
      <FormError text={failure} />
      <Button variant="primary" type="submit" isDisabled={busy}>
        {action}
      </Button>
      {note !== undefined && <p className={s.note}>{note}</p>}
    </form>
  );
}

function GuestForm() {
  const client = useClient();
  const [name, setName] = useState("");
  const handle = handleFrom(name);
  return (
    <Form enter={() => client.guest({ name: name.trim() })} action={t("signIn.asGuest")} note={t("signIn.guestNote")}>
      <Field
        label={t("signIn.yourName")}
        hint={handle === "" ? t("signIn.yourNameHint") : t("signIn.handleHint", { handle: `\u2066@${handle}\u2069` })}
        value={name}
        onChange={(event) => setName(event.target.value)}
        autoComplete="name"
        spellCheck={false}
        maxLength={DISPLAY_NAME_CHARS}
        required
        autoFocus
      />
    </Form>
  );
}

function LoginForm({ known }: { known: string }) {
  const client = useClient();
  const [name, setName] = useState(known);
  const [password, setPassword] = useState("");
  // Somebody who types the full name, or the handle with its sign, means the handle. An address of old stays as it is.
  const typed = name.trim().replace(/^@/u, "");
  const handle = typed.includes("@") ? typed : handleFrom(typed) || typed;
  return (
    <Form enter={() => client.login({ name: handle, password })} action={t("signIn.submit")}>
      <Field
        label={t("signIn.name")}
        value={name}
        onChange={(event) => setName(event.target.value)}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={DISPLAY_NAME_CHARS}
        required
        autoFocus={known === ""}
      />
      <Field
        label={t("signIn.password")}
        type="password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        autoComplete="current-password"
        required
        autoFocus={known !== ""}
      />
    </Form>
  );
}

function RegisterForm() {
  const client = useClient();
  const [failure, setFailure] = useState<string | null>(null);
  const fields = useNewAccount(failure);
  return (
    <Form
      enter={() => client.register(fields.account)}
      action={t("signIn.create")}
      note={t("signIn.registerNote")}
      onFailure={setFailure}
    >
      <NewAccountFields fields={fields} autoFocus />
    </Form>
  );
}
