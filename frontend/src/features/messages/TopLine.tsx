/**
 * Owns the line above the list: the day of the topmost message, or how many messages are new further up. It has a place of
 * its own, so that it covers no text and nothing moves when it changes.
 */
import { t } from "../../i18n/index.ts";
import { day, since } from "../../lib/format.ts";
import { useToday } from "../../lib/today.ts";
import { Button } from "../../ui/Button.tsx";
import s from "./TopLine.module.css";
import type { Unread } from "./useUnread.ts";

interface Props {
  /** Time of the topmost message, if its day is not shown beside it. */
  readonly at: string | null;
  readonly unread: Unread | null;
  readonly onJump: (seq: number) => void;
  readonly onRead: () => void;
}

export function TopLine({ at, unread, onJump, onRead }: Props) {
  useToday();
  return (
    <div className={s.line}>
      {unread === null ? (
        at !== null && (
          <span className={s.day} data-testid="top-day" aria-hidden="true">
            {day(at)}
          </span>
        )
      ) : (
        <section className={s.unread} aria-label={t("list.unread")}>
          <span className={s.text}>
            {unread.first === null
              ? t("list.new", { n: unread.n })
              : t("list.newSince", { n: unread.n, when: since(unread.first.at) })}
          </span>
          <Button
            small
            variant="quiet"
            isDisabled={unread.first === null}
            onPress={() => unread.first !== null && onJump(unread.first.seq)}
          >
            {t("list.jump")}
          </Button>
          <Button small variant="quiet" onPress={onRead}>
            {t("list.markRead")}
          </Button>
        </section>
      )}
    </div>
  );
}
