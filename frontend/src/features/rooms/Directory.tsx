/** Owns the dialog that lists public rooms to join. */
import type { DirectoryRoom } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { useEffect, useState } from "react";
import { t } from "../../i18n/index.ts";
import { explain } from "../../lib/errors.ts";
import { useSettled } from "../../lib/hooks.ts";
import { RoomTile } from "../../ui/Avatar.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Empty, Skeleton } from "../../ui/Empty.tsx";
import { Field } from "../../ui/Field.tsx";
import form from "../../ui/Form.module.css";
import { addressOf } from "./sections.ts";

interface Props {
  readonly onClose: () => void;
  readonly onOpen: (address: string) => void;
  readonly onCreate: () => void;
}

interface Found {
  readonly rooms: readonly DirectoryRoom[];
  readonly next: string | null;
}

export function Directory({ onClose, onOpen, onCreate }: Props) {
  const client = useClient();
  const [query, setQuery] = useState("");
  const asked = useSettled(query.trim(), 200);
  const [found, setFound] = useState<Found | null>(null);
  const [failure, setFailure] = useState<string | null>(null);

  useEffect(() => {
    let current = true;
    setFailure(null);
    client.directory(asked).then(
      (page) => current && setFound(page),
      (error: unknown) => current && setFailure(explain(error)),
    );
    return () => {
      current = false;
    };
  }, [client, asked]);

  const more = async (cursor: string) => {
    try {
      const page = await client.directory(asked, cursor);
      setFound((before) => ({ rooms: [...(before?.rooms ?? []), ...page.rooms], next: page.next }));
    } catch (error) {
      setFailure(explain(error));
    }
  };

  const join = (room: DirectoryRoom) => {
    if (!room.joined) client.join(room.id, room.head);
    onOpen(addressOf(room));
  };

  return (
    <Dialog title={t("directory.title")} onClose={onClose} wide>
      <Field
        type="search"
        label={t("directory.search")}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        autoFocus
      />
      <div className={form.scroll}>
        {failure !== null && <Empty icon="alert" title={t("directory.failed")} text={failure} />}
        {failure === null && found === null && <Skeleton rows={5} />}
        {failure === null && found?.rooms.length === 0 && (
          <Empty icon="compass" title={t("directory.none")} text={t("directory.noneText")}>
            <Button variant="primary" onPress={onCreate}>
              {t("rooms.create")}
            </Button>
          </Empty>
        )}
        {failure === null && (
          <ul className={form.list}>
            {found?.rooms.map((room) => (
              <li key={room.id} className={form.item}>
                <RoomTile icon="hash" />
                <span className={form.text}>
                  <span className={form.title} dir="auto">
                    {room.name}
                  </span>
                  <span className={form.note} dir="auto">
                    {[t("directory.members", { n: room.members }), room.description].filter(Boolean).join(" · ")}
                  </span>
                </span>
                <Button
                  small
                  variant={room.joined ? "plain" : "primary"}
                  aria-label={t(room.joined ? "directory.openNamed" : "directory.joinNamed", { name: room.name })}
                  onPress={() => join(room)}
                >
                  {room.joined ? t("directory.open") : t("directory.join")}
                </Button>
              </li>
            ))}
          </ul>
        )}
        {failure === null && found?.next != null && (
          <Button small variant="quiet" onPress={() => more(found.next ?? "")}>
            {t("list.more")}
          </Button>
        )}
      </div>
    </Dialog>
  );
}
