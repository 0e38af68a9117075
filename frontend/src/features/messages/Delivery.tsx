/** Owns the line under a message that is being sent or was refused, with its actions. */
import type { MessageView } from "@palaver/sdk";
import { t } from "../../i18n/index.ts";
import { explainFailure } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { useRow } from "./context.ts";
import s from "./Delivery.module.css";

export function Delivery({ message }: { message: MessageView }) {
  const { actions } = useRow();
  const failed = message.status === "failed" ? { id: message.id, failure: message.failure } : failedChange(message);
  if (failed !== null) {
    return (
      <div className={s.failed} role="alert">
        <span className={s.reason}>
          <Icon name="alert" size={16} />
          {failed.failure === null ? t("error.unexpected") : explainFailure(failed.failure)}
        </span>
        <Button small variant="quiet" onPress={() => actions.retry(failed.id)}>
          {t("delivery.retry")}
        </Button>
        <Button small variant="quiet" onPress={() => actions.discard(failed.id)}>
          {t("delivery.discard")}
        </Button>
      </div>
    );
  }
  if (message.status === "sending") {
    const { failure } = message;
    return (
      <p className={s.sending} role={failure === null ? undefined : "status"}>
        <Icon name="clock" size={13} />
        {failure === null ? t("delivery.sending") : t("delivery.waits", { reason: explainFailure(failure) })}
      </p>
    );
  }
  return null;
}

function failedChange(message: MessageView) {
  return message.change?.status === "failed" ? { id: message.change.id, failure: message.change.failure } : null;
}
