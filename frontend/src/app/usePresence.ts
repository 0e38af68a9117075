/** Owns whose presence is followed: that of direct partners and of the open room's members. */
import type { RoomView } from "@palaver/sdk";
import { useClient, useClientState } from "@palaver/sdk/react";
import { useEffect, useMemo } from "react";
import { WATCHED_PEOPLE } from "../lib/limits.ts";

export function usePresenceWatch(open: RoomView | null): void {
  const client = useClient();
  const rooms = useClientState((state) => state.rooms);
  const members = open?.members;
  // As one string, so that a new message does not count as new people.
  const users = useMemo(() => {
    const wanted = new Set<string>();
    for (const room of rooms.values()) if (room.with !== null) wanted.add(room.with.id);
    for (const member of members ?? []) if (member.state === "joined") wanted.add(member.user.id);
    return [...wanted].slice(0, WATCHED_PEOPLE).sort().join("\n");
  }, [rooms, members]);
  useEffect(() => {
    client.watchPresence(users === "" ? [] : users.split("\n"));
  }, [client, users]);
}
