/** Owns whose presence is followed: the partners in direct rooms and the members of the open room. */
import type { RoomId, State } from "@palaver/sdk";
import { useClient, useClientState } from "@palaver/sdk/react";
import { useEffect, useMemo } from "react";
import { WATCHED_USERS } from "../lib/limits.ts";

export function usePresenceWatch(open: RoomId | null): void {
  const client = useClient();
  const members = useClientState((state) => (open === null ? undefined : state.rooms.get(open)?.members));
  // Joined into one string, so that a new message does not look like a new set of users.
  const partners = useClientState(partnersOf);
  const users = useMemo(() => {
    const wanted = new Set(partners.split("\n").filter(Boolean));
    for (const member of members ?? []) if (member.state === "joined") wanted.add(member.user.id);
    return [...wanted].slice(0, WATCHED_USERS).sort().join("\n");
  }, [partners, members]);
  useEffect(() => {
    client.watchPresence(users === "" ? [] : users.split("\n"));
  }, [client, users]);
}

function partnersOf({ rooms }: State): string {
  let users = "";
  for (const room of rooms.values()) if (room.with !== null) users += `${room.with.id}\n`;
  return users;
}
