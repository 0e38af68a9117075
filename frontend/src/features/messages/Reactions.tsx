/** Owns the reactions of a message: the chips below it, and the panel that adds one. */
import type { MessageView, ReactionView } from "@palaver/sdk";
import { type ReactNode, useMemo } from "react";
import { Button, Tooltip, TooltipTrigger } from "react-aria-components";
import { t } from "../../i18n/index.ts";
import { list } from "../../lib/format.ts";
import { called } from "../../lib/person.ts";
import { useRoom } from "../../lib/room.ts";
import { Popup } from "../../ui/Popup.tsx";
import { useRow } from "./context.ts";
import { countEmoji, EMOJIS, quickEmojis } from "./emoji.ts";
import s from "./Reactions.module.css";

const FIELDS = ["members"] as const;

export function Reactions({ message }: { message: MessageView }) {
  const { actions, rights } = useRow();
  if (message.reactions.length === 0) return null;
  return (
    <div className={s.chips}>
      {message.reactions.map((reaction) => (
        <TooltipTrigger key={reaction.emoji} delay={400}>
          <Button
            className={s.chip ?? ""}
            data-mine={reaction.mine || undefined}
            aria-label={`${reaction.emoji} ${reaction.n}`}
            aria-pressed={reaction.mine}
            isDisabled={!rights.write || message.seq === null}
            onPress={() => actions.react(message, reaction.emoji)}
          >
            <span className={s.emoji}>{reaction.emoji}</span>
            <span>{reaction.n}</span>
          </Button>
          <Tooltip className={s.tip ?? ""} offset={6}>
            <Who reaction={reaction} />
          </Tooltip>
        </TooltipTrigger>
      ))}
    </div>
  );
}

/** Lists who reacted. Mounted only while the tooltip shows. */
function Who({ reaction }: { reaction: ReactionView }) {
  const { room, me } = useRow();
  const { members } = useRoom(room, FIELDS);
  const people = useMemo(() => new Map(members.map(({ user }) => [user.id, user])), [members]);
  const names = reaction.users.flatMap((id) => {
    if (id === me.id) return [t("person.you")];
    const person = people.get(id);
    return person === undefined ? [] : [called(person)];
  });
  const others = reaction.n - names.length;
  const shown = others > 0 ? [...names, t("reaction.others", { n: others })] : names;
  return shown.length === 0 ? reaction.emoji : list(shown);
}

interface PickerProps {
  readonly trigger: ReactNode;
  readonly onPick: (emoji: string) => void;
  readonly isOpen: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

/** Opens from its trigger: the most used emojis in a row, then the rest. */
export function EmojiPicker({ trigger, onPick, isOpen, onOpenChange }: PickerProps) {
  return (
    <Popup
      trigger={trigger}
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      label={t("message.react")}
      placement="top end"
      className={s.popover ?? ""}
      dialogClassName={s.picker ?? ""}
    >
      {(close) => (
        <EmojiGrid
          onPick={(emoji) => {
            countEmoji(emoji);
            close();
            onPick(emoji);
          }}
        />
      )}
    </Popup>
  );
}

function EmojiGrid({ onPick }: { onPick: (emoji: string) => void }) {
  const quick = quickEmojis();
  const button = (emoji: string) => (
    <Button key={emoji} className={s.pick ?? ""} aria-label={emoji} onPress={() => onPick(emoji)}>
      {emoji}
    </Button>
  );
  return (
    <>
      <div className={s.quick}>{quick.map(button)}</div>
      <div className={s.grid}>{EMOJIS.filter((emoji) => !quick.includes(emoji)).map(button)}</div>
    </>
  );
}
