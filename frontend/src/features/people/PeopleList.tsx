/**
 * Owns the virtual lists of members: one per group, in one scroller. Only the rows near the window are mounted, so that
 * a room with thousands of people costs what one with twenty does. The lists are one tab stop; arrow keys move from
 * person to person.
 */
import type { MemberView, Person, Role, RoomId } from "@palaver/sdk";
import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { t } from "../../i18n/index.ts";
import type { Group, Presence } from "./groups.ts";
import type { Asked } from "./MemberMenu.tsx";
import s from "./PeoplePanel.module.css";
import { PersonRow } from "./PersonRow.tsx";

/** The height of a row (see PeoplePanel.module.css). */
const ROW_PX = 48;
const MEASURED_WITHIN_FRAMES = 10;
const STEPS: Readonly<Record<string, number>> = {
  ArrowUp: -1,
  ArrowDown: 1,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

interface Props {
  readonly scroller: RefObject<HTMLElement | null>;
  readonly groups: readonly Group[];
  readonly presence: Presence;
  readonly room: RoomId;
  readonly role: Role;
  readonly me: string;
  readonly onDirect: (person: Person) => void;
  readonly onAsk: (kind: Asked, member: MemberView) => void;
}

export function PeopleList({ scroller, groups, ...rest }: Props) {
  const lists = useRef(new Map<string, VirtualizerHandle>());
  const people = useMemo(() => groups.flatMap(({ members }) => members.map(({ user }) => user.id)), [groups]);
  // An object, so that choosing the same person again counts as a change.
  const [chosen, setChosen] = useState<{ readonly user: string } | null>(null);
  // The person whose row, or whose row's menu, has the focus.
  const [within, setWithin] = useState<string | null>(null);
  const tabStop = chosen !== null && people.includes(chosen.user) ? chosen.user : people[0];
  // These rows stay mounted however far the list is scrolled: the tab stop must exist, and the focus must not be lost.
  const kept = useMemo(() => new Set([tabStop, within]), [tabStop, within]);

  // The row is rendered with the choice, but hidden, and so not focusable, until the list has measured it.
  useEffect(() => {
    if (chosen === null) return;
    let frame = 0;
    let left = MEASURED_WITHIN_FRAMES;
    const focus = () => {
      const row = rowOf(scroller.current, chosen.user);
      row?.focus({ preventScroll: true });
      if (document.activeElement !== row && --left > 0) frame = requestAnimationFrame(focus);
    };
    focus();
    return () => cancelAnimationFrame(frame);
  }, [chosen, scroller]);
  const goTo = (user: string) => {
    setChosen({ user });
    for (const group of groups) {
      const index = group.members.findIndex((member) => member.user.id === user);
      if (index >= 0) lists.current.get(group.id)?.scrollToIndex(index, { align: "nearest" });
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    const from = event.target instanceof HTMLElement ? event.target.dataset.user : undefined;
    if (step === undefined || from === undefined) return;
    event.preventDefault();
    const next = Math.min(Math.max(people.indexOf(from) + step, 0), people.length - 1);
    const user = people[next];
    if (user !== undefined) goTo(user);
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the rows have the focus, and their keys are handled here
    <div
      onKeyDown={onKeyDown}
      onFocus={({ target }) =>
        setWithin((before) => target.closest<HTMLElement>("[data-user]")?.dataset.user ?? before)
      }
      onBlur={({ relatedTarget }) => relatedTarget === null && setWithin(null)}
    >
      {groups.map((group, index) => (
        <GroupList
          key={group.id}
          {...rest}
          scroller={scroller}
          group={group}
          above={index === 0 ? 0 : groups.slice(0, index).reduce((n, { members }) => n + members.length, 0)}
          tabStop={tabStop}
          kept={kept}
          keep={(handle) => {
            if (handle === null) lists.current.delete(group.id);
            else lists.current.set(group.id, handle);
          }}
        />
      ))}
    </div>
  );
}

interface GroupProps extends Omit<Props, "groups"> {
  readonly group: Group;
  /** The number of people in the groups above: when it changes, this list has moved. */
  readonly above: number;
  readonly tabStop: string | undefined;
  readonly kept: ReadonlySet<string | null | undefined>;
  readonly keep: (handle: VirtualizerHandle | null) => void;
}

function GroupList({ scroller, group, above, tabStop, kept, keep, presence, me, ...rest }: GroupProps) {
  const list = useRef<HTMLDivElement>(null);
  const [start, setStart] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list moves when there are more or fewer people above it
  useLayoutEffect(() => setStart(list.current?.offsetTop ?? 0), [above]);
  const { id, members } = group;
  const mounted = useMemo(
    () => members.flatMap(({ user }, index) => (kept.has(user.id) ? [index] : [])),
    [members, kept],
  );
  const title = t(`people.${id}`, { n: members.length });
  return (
    <section className={s.group}>
      <h3>{title}</h3>
      <div ref={list} role="list" aria-label={title}>
        <Virtualizer
          ref={keep}
          data={members}
          scrollRef={scroller}
          startMargin={start}
          itemSize={ROW_PX}
          keepMounted={mounted}
        >
          {(member, index) => {
            const seen = presence.get(member.user.id);
            return (
              <PersonRow
                key={member.user.id}
                {...rest}
                member={member}
                me={me}
                status={member.user.id === me ? "online" : (seen?.status ?? "offline")}
                lastSeen={seen?.lastSeen ?? null}
                position={index + 1}
                of={members.length}
                tabStop={member.user.id === tabStop}
              />
            );
          }}
        </Virtualizer>
      </div>
    </section>
  );
}

function rowOf(scroller: HTMLElement | null, user: string): HTMLElement | null {
  return scroller?.querySelector<HTMLElement>(`[data-user="${CSS.escape(user)}"]`) ?? null;
}
