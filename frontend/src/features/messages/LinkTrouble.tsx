/** Owns the line that says why a linked message is not shown. It stays until it is dismissed. */
import { t } from "../../i18n/index.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import s from "./LinkTrouble.module.css";
import type { Trouble } from "./useJump.ts";

interface Props {
  readonly why: Trouble;
  readonly onRetry: () => void;
  readonly onDismiss: () => void;
}

export function LinkTrouble({ why, onRetry, onDismiss }: Props) {
  return (
    <div className={s.line} role="alert">
      <Icon name="link" size={16} />
      <span className={s.text}>{t(`link.${why}`)}</span>
      {why === "unreachable" && (
        <Button small onPress={onRetry}>
          {t("delivery.retry")}
        </Button>
      )}
      <IconButton small icon="close" size={16} label={t("action.close")} onPress={onDismiss} />
    </div>
  );
}
