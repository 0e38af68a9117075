/** Owns what is shown when the page itself fails, for example because it is older than the server it talks to. */
import { Component, type ErrorInfo, type ReactNode } from "react";
import { t } from "../i18n/index.ts";
import { Button } from "./Button.tsx";
import { Empty } from "./Empty.tsx";

interface State {
  readonly failed: boolean;
}

export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { failed: false };

  static getDerivedStateFromError(): State {
    return { failed: true };
  }

  override componentDidCatch(error: Error, info: ErrorInfo) {
    console.error("the page failed to render", error, info.componentStack);
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <Empty page icon="alert" title={t("crash.title")} text={t("crash.text")}>
        <Button variant="primary" onPress={() => location.reload()}>
          {t("crash.reload")}
        </Button>
      </Empty>
    );
  }
}
