/** Owns how a failure is explained to a user: what happened and what they can do. */
import { type Failure, PalaverError } from "@palaver/sdk";
import { t } from "../i18n/index.ts";

export function explain(error: unknown): string {
  if (error instanceof PalaverError) return explainFailure(error);
  return t("error.unexpected");
}

export function explainFailure(failure: Pick<Failure, "code" | "message">): string {
  switch (failure.code) {
    case "network":
      return t("error.network");
    case "overloaded":
      return t("error.busy");
    case "unavailable":
      return failure.message || t("error.busy");
    case "rate_limited":
      return t("error.rate");
    case "stale":
      return t("error.stale");
    case "too_large":
      return failure.message || t("error.too_large");
    default:
      return failure.message || t("error.unexpected");
  }
}

/** Returns whether the user cancelled the request. */
export function aborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
