/** Owns the account menu: the user's name and status, the theme and language, and signing out. */
import type { Person } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { useState } from "react";
import { Button as AriaButton } from "react-aria-components";
import { LOCALES, type Locale, locale, t } from "../../i18n/index.ts";
import { called, handle } from "../../lib/person.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Menu, MenuItem, MenuSeparator } from "../../ui/Menu.tsx";
import { onDemand } from "../../ui/onDemand.tsx";
import { attempt } from "../../ui/Toasts.tsx";
import s from "./AccountMenu.module.css";
import { asksBeforeSignOut } from "./unsaved.ts";

const SignOut = onDemand(async () => (await import("./SignOut.tsx")).SignOut);

const Sessions = onDemand(async () => (await import("./Sessions.tsx")).Sessions);

const Register = onDemand(async () => (await import("./Register.tsx")).Register);

const Profile = onDemand(async () => (await import("./Profile.tsx")).Profile);

const DeleteAccount = onDemand(async () => (await import("./DeleteAccount.tsx")).DeleteAccount);

type Open = "profile" | "register" | "sessions" | "signOut" | "delete" | null;

interface Props {
  readonly me: Person;
  readonly themes: readonly { readonly id: string; readonly chosen: boolean; readonly choose: () => void }[];
  readonly onLocale: (locale: Locale) => void;
}

const THEME_LABEL = { system: "theme.system", light: "theme.light", dark: "theme.dark" } as const;
/** Each language's own name. */
const LANGUAGE: Readonly<Record<Locale, string>> = { en: "English", de: "Deutsch", ar: "العربية", ja: "日本語" };

export function AccountMenu({ me, themes, onLocale }: Props) {
  const client = useClient();
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const [unsaved, setUnsaved] = useState({ unsent: 0, drafts: 0 });
  const signOut = () => {
    const now = client.unsaved();
    if (!asksBeforeSignOut(me, now)) return attempt(client.logout());
    setUnsaved(now);
    setOpen("signOut");
  };
  return (
    <>
      <Menu
        label={t("account.title")}
        trigger={
          <AriaButton className={s.trigger ?? ""} aria-label={t("account.title")}>
            <Avatar id={me.id} name={called(me)} size={32} />
          </AriaButton>
        }
        header={
          <div className={s.who}>
            <Avatar id={me.id} name={called(me)} size={40} />
            <span className={s.text}>
              <span className={s.called} dir="auto">
                {called(me)}
              </span>
              <span className={s.name}>
                {handle(me)}
                {me.guest === true && ` · ${t("person.guest")}`}
              </span>
            </span>
          </div>
        }
      >
        {me.guest === true && (
          <MenuItem icon="check" onAction={() => setOpen("register")}>
            {t("account.register")}
          </MenuItem>
        )}
        <MenuItem icon="edit" onAction={() => setOpen("profile")}>
          {t("account.profile")}
        </MenuItem>
        <MenuItem icon="lock" onAction={() => setOpen("sessions")}>
          {t("account.sessions")}
        </MenuItem>
        <MenuSeparator />
        {themes.map((theme) => (
          <MenuItem key={theme.id} chosen={theme.chosen} onAction={theme.choose}>
            {t(THEME_LABEL[theme.id as keyof typeof THEME_LABEL])}
          </MenuItem>
        ))}
        <MenuSeparator />
        {LOCALES.map((one) => (
          <MenuItem key={one} chosen={one === locale()} onAction={() => onLocale(one)}>
            {LANGUAGE[one]}
          </MenuItem>
        ))}
        <MenuSeparator />
        <MenuItem icon="leave" onAction={signOut}>
          {t("account.signOut")}
        </MenuItem>
        <MenuItem icon="trash" tone="danger" onAction={() => setOpen("delete")}>
          {t("account.deleteOwn")}
        </MenuItem>
      </Menu>
      {open === "profile" && <Profile me={me} onClose={close} />}
      {open === "register" && <Register me={me} onClose={close} />}
      {open === "sessions" && <Sessions onClose={close} />}
      {open === "delete" && <DeleteAccount me={me} onClose={close} />}
      {open === "signOut" && <SignOut me={me} unsaved={unsaved} onClose={close} />}
    </>
  );
}
