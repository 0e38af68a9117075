/** Owns the browser tab's title and icon, with the number of unread items addressed to the user. */
import type { RoomId } from "@palaver/sdk";
import { useClientState } from "@palaver/sdk/react";
import { useEffect } from "react";
import { countedOf } from "../lib/counted.ts";

const SIZE = 64;

export function titleOf(room: string | null, waiting: number): string {
  const name = room === null ? "Palaver" : `${room} – Palaver`;
  return waiting > 0 ? `(${waiting > 99 ? "99+" : waiting}) ${name}` : name;
}

/** `seen` is the room whose messages are read as they arrive: they do not count. */
export function useTitle(name: string | null, seen: RoomId | null): void {
  const waiting = useClientState((state) => {
    let n = 0;
    for (const room of state.rooms.values()) if (room.id !== seen) n += countedOf(room);
    return n;
  });
  useEffect(() => {
    document.title = titleOf(name, waiting);
  }, [name, waiting]);
  const badge = waiting > 9 ? "9+" : String(waiting);
  useEffect(() => drawIcon(badge), [badge]);
}

function drawIcon(badge: string): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link === null) return;
  if (badge === "0") {
    if (!link.href.endsWith("/favicon.svg")) link.href = "/favicon.svg";
    return;
  }
  const picture = new Image();
  picture.onload = () => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIZE;
    const pen = canvas.getContext("2d");
    if (pen === null) return;
    pen.drawImage(picture, 0, 0, SIZE, SIZE);
    pen.fillStyle = "#d4353f";
    pen.beginPath();
    pen.arc(SIZE - 19, 19, 19, 0, Math.PI * 2);
    pen.fill();
    pen.fillStyle = "#fff";
    pen.font = "bold 28px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(badge, SIZE - 19, 21);
    link.href = canvas.toDataURL("image/png");
  };
  picture.src = "/favicon.svg";
}
