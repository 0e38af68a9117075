/** Owns the buttons that join the rooms which the operator offers to everybody, for a user who has not chosen a room. */
import type { DirectoryRoom } from "@palaver/sdk";
import { useClient, useClientState } from "@palaver/sdk/react";
import { useEffect, useState } from "react";
import { t } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { addressOf } from "./sections.ts";

export function Offered({ onOpen }: { readonly onOpen: (address: string) => void }) {
  const client = useClient();
  const ready = useClientState((state) => state.ready);
  const [rooms, setRooms] = useState<readonly DirectoryRoom[]>([]);

  useEffect(() => {
    if (!ready) return;
    let current = true;
    client.directory().then(
      (page) => current && setRooms(page.rooms.filter((room) => room.offered)),
      // The buttons beside these find every room; they also say what is wrong.
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [client, ready]);

  const join = (room: DirectoryRoom) => {
    if (!room.joined) client.join(room.id, room.head);
    onOpen(addressOf(room));
  };

  return rooms.map((room) => (
    <Button key={room.id} variant="primary" onPress={() => join(room)}>
      {t(room.joined ? "directory.openNamed" : "directory.joinNamed", { name: room.name })}
    </Button>
  ));
}
