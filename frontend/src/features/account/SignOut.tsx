/** Owns the question before a sign-out that would lose something: it deletes everything of the user on this device. */
import type { Person } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { t } from "../../i18n/index.ts";
import { Confirm } from "../../ui/Dialog.tsx";
import type { Unsaved } from "./unsaved.ts";

interface Props {
  readonly me: Person;
  /** What was not saved when the user asked to sign out. */
  readonly unsaved: Unsaved;
  readonly onClose: () => void;
}

export function SignOut({ me, unsaved: { unsent, drafts }, onClose }: Props) {
  const client = useClient();
  const lost = unsent > 0 || drafts > 0;
  const text = [
    unsent > 0 && t("account.outUnsent", { n: unsent }),
    drafts > 0 && t("account.outDrafts", { n: drafts }),
    lost && t("account.outDeletes"),
    me.guest === true && t("account.guestOutText"),
  ];
  return (
    <Confirm
      title={t(me.guest === true ? "account.guestOutTitle" : "account.outTitle")}
      text={text.filter(Boolean).join(" ")}
      action={t("account.signOut")}
      onConfirm={() => client.logout()}
      onClose={onClose}
    />
  );
}
