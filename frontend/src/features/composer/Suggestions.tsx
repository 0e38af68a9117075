/**
 * Owns the list of people that complete a mention being typed. The text field keeps the focus and references the list.
 */
import type { Person } from "@palaver/sdk";
import { useClientState } from "@palaver/sdk/react";
import { t } from "../../i18n/index.ts";
import { called, handle } from "../../lib/person.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import s from "./Suggestions.module.css";

interface Props {
  readonly id: string;
  readonly people: readonly Person[];
  readonly active: number;
  readonly onPick: (person: Person) => void;
  readonly onHover: (index: number) => void;
}

export function Suggestions({ id, people, active, onPick, onHover }: Props) {
  const presence = useClientState((state) => state.presence);
  return (
    <div className={s.list} id={id} role="listbox" aria-label={t("mention.list")}>
      {people.map((person, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the text field has the keys (arrows, Enter)
        <div
          key={person.id}
          id={optionId(id, index)}
          className={s.option}
          role="option"
          tabIndex={-1}
          aria-selected={index === active}
          // The field must not lose its focus to the click.
          onMouseDown={(event) => event.preventDefault()}
          onMouseMove={() => onHover(index)}
          onClick={() => onPick(person)}
        >
          <Avatar id={person.id} name={called(person)} size={24} presence={presence.get(person.id)?.status} />
          <span className={s.called}>{called(person)}</span>
          <span className={s.name}>{handle(person)}</span>
        </div>
      ))}
    </div>
  );
}

export function optionId(list: string, index: number): string {
  return `${list}-${index}`;
}
