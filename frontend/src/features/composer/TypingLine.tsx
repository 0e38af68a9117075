/** Owns the line that shows who is typing. Its height is reserved, so that it never moves the text above it. */
import type { RoomId } from "@palaver/sdk";
import { memo } from "react";
import { t } from "../../i18n/index.ts";
import { called } from "../../lib/person.ts";
import { useRoom } from "../../lib/room.ts";
import s from "./TypingLine.module.css";

const FIELDS = ["typing", "slowModeSeconds"] as const;

export const TypingLine = memo(function TypingLine({ id }: { id: RoomId }) {
  const { typing: people, slowModeSeconds } = useRoom(id, FIELDS);
  // Shown while no one is typing.
  const note = slowModeSeconds > 0 ? t("blocked.slowMode", { n: slowModeSeconds }) : null;
  const [first, second] = people;
  let text = "";
  if (first !== undefined && second !== undefined && people.length === 2) {
    text = t("typing.two", { first: called(first), second: called(second) });
  } else if (first !== undefined) {
    text = people.length === 1 ? t("typing.one", { name: called(first) }) : t("typing.many", { n: people.length });
  }
  return (
    <p className={s.line} data-testid="typing">
      {text !== "" && (
        <span className={s.dots} aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
      )}
      {text === "" ? note : text}
    </p>
  );
});
