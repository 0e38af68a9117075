/** Owns the placeholders for an empty list, a list that is loading, and a list that failed to load. */
import type { ReactNode } from "react";
import s from "./Empty.module.css";
import { Icon, type IconName } from "./Icon.tsx";

interface Props {
  readonly icon: IconName;
  readonly title: string;
  readonly text?: string | undefined;
  /** Whether it stands for the whole page, so that its title is the page's heading. */
  readonly page?: boolean;
  readonly children?: ReactNode;
}

export function Empty({ icon, title, text, page = false, children }: Props) {
  const Title = page ? "h1" : "p";
  return (
    <div className={s.empty}>
      <span className={s.picture}>
        <Icon name={icon} size={28} />
      </span>
      <Title className={s.title}>{title}</Title>
      {text !== undefined && <p className={s.text}>{text}</p>}
      {children !== undefined && <div className={s.actions}>{children}</div>}
    </div>
  );
}

/** Renders grey lines of the size of the expected content. */
export function Skeleton({ rows, avatar = true }: { rows: number; avatar?: boolean }) {
  return (
    <div className={s.skeleton} aria-hidden="true">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike and never move
        <div key={row} className={s.row}>
          {avatar && <span className={s.disc} />}
          <span className={s.lines}>
            <span style={{ inlineSize: `${22 + ((row * 17) % 20)}%` }} />
            <span style={{ inlineSize: `${48 + ((row * 29) % 40)}%` }} />
          </span>
        </div>
      ))}
    </div>
  );
}
