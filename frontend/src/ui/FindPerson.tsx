/** Owns finding a person by any part of their name: for direct rooms and for invitations. */
import type { Person, State } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { useEffect, useMemo, useState } from "react";
import { t } from "../i18n/index.ts";
import { explain } from "../lib/errors.ts";
import { useSettled } from "../lib/hooks.ts";
import { GUEST_SEARCH_CHARS } from "../lib/limits.ts";
import { called, handle } from "../lib/person.ts";
import { fold, matches, rankOf } from "../lib/search.ts";
import { Avatar } from "./Avatar.tsx";
import { Button } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";
import { Empty } from "./Empty.tsx";
import { Field, FormError } from "./Field.tsx";
import form from "./Form.module.css";

const MAX_FOUND = 50;

interface Props {
  readonly title: string;
  /** Label of the button beside each person; `named` is the same with the name in it. */
  readonly action: string;
  readonly named: (name: string) => string;
  readonly leaveOut: (person: Person) => boolean;
  readonly onPick: (person: Person) => Promise<void>;
  readonly onClose: () => void;
}

export function FindPerson({ title, action, named, leaveOut, onPick, onClose }: Props) {
  const client = useClient();
  const [query, setQuery] = useState("");
  const asked = useSettled(query.trim().replace(/^@/u, ""), 200);
  const [people, setPeople] = useState<readonly Person[] | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState<string | null>(null);

  useEffect(() => {
    if (asked === "") {
      setPeople(null);
      return;
    }
    let current = true;
    client.findUsers(asked).then(
      (found) => {
        if (!current) return;
        setFailure(null);
        setPeople(found);
      },
      (error: unknown) => current && setFailure(explain(error)),
    );
    return () => {
      current = false;
    };
  }, [client, asked]);

  const pick = async (person: Person) => {
    setBusy(person.id);
    try {
      await onPick(person);
    } catch (error) {
      setFailure(explain(error));
    } finally {
      setBusy(null);
    }
  };

  // A guest must not list all accounts.
  const isShort = client.getState().me?.guest === true && asked.length < GUEST_SEARCH_CHARS;
  // People of the loaded rooms are found at once, and also by a guest who has typed less than the server asks for.
  const near = useMemo(() => (asked === "" ? [] : nearby(client.getState(), asked)), [client, asked]);
  const all = people === null && near.length === 0 ? null : merged(near, people ?? [], fold(asked));
  const shown = all?.filter((person) => !leaveOut(person)) ?? null;
  return (
    <Dialog title={title} onClose={onClose}>
      <Field
        type="search"
        label={t("find.name")}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        autoFocus
      />
      <FormError text={failure} />
      <div className={form.scroll}>
        {shown === null && <Empty icon="search" title={t("find.start")} text={t("find.startText")} />}
        {shown?.length === 0 && (
          <Empty icon="people" title={t("find.none")} text={t(isShort ? "find.guestText" : "find.noneText")} />
        )}
        <ul className={form.list}>
          {shown?.map((person) => (
            <li key={person.id} className={form.item}>
              <Avatar id={person.id} name={called(person)} />
              <span className={form.text}>
                <span className={form.title} dir="auto">
                  {called(person)}
                </span>
                <span className={form.note}>{handle(person)}</span>
              </span>
              <Button
                small
                variant="primary"
                isDisabled={busy !== null}
                aria-label={named(person.name)}
                onPress={() => pick(person)}
              >
                {action}
              </Button>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}

/** Returns the people of the loaded rooms whom a query finds. */
function nearby({ rooms, me }: State, query: string): Person[] {
  const found = new Map<string, Person>();
  for (const room of rooms.values()) {
    for (const user of [...room.members.map((member) => member.user), ...(room.with === null ? [] : [room.with])]) {
      if (user.id !== me?.id && user.deleted !== true && !found.has(user.id) && matches(user, query))
        found.set(user.id, user);
    }
  }
  return [...found.values()];
}

/** Returns all of them once, the best first. What the server found by its own rules comes last. */
function merged(near: readonly Person[], far: readonly Person[], wanted: string): Person[] {
  const all = new Map([...near, ...far].map((person) => [person.id, person]));
  const rank = (person: Person) => rankOf(person, wanted) ?? 3;
  return [...all.values()].sort((a, b) => rank(a) - rank(b)).slice(0, MAX_FOUND);
}
