/** Owns parts of the page that load when they are first shown, so that a first visit does not wait for them. */
import { type ComponentType, type ReactNode, useEffect, useState } from "react";

/** How long to wait before a part is asked for again, which did not come because the network is away. */
const RETRY_MS = 2_000;

/** Parts that are loaded ahead of their use once the page is quiet, so that they are there when the network is not. */
const parts: (() => Promise<unknown>)[] = [];

/** Loads all parts ahead of their use. A part that does not come now is asked for when it is shown. */
export async function loadAhead(): Promise<void> {
  for (const load of parts) await load().catch(() => undefined);
}

/** Returns a component that renders `meanwhile`, or nothing, until it is loaded. It asks again until it is. */
export function onDemand<P extends object>(
  load: () => Promise<ComponentType<P>>,
  meanwhile: ReactNode = null,
): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  const get = async () => {
    loaded ??= await load();
  };
  parts.push(get);
  return function OnDemand(props: P) {
    const [, draw] = useState(loaded !== null);
    useEffect(() => {
      if (loaded !== null) return draw(true);
      let timer: ReturnType<typeof setTimeout>;
      let current = true;
      const attempt = () => {
        get().then(
          () => current && draw(true),
          () => {
            if (current) timer = setTimeout(attempt, RETRY_MS);
          },
        );
      };
      attempt();
      return () => {
        current = false;
        clearTimeout(timer);
      };
    }, []);
    const Part = loaded;
    return Part === null ? meanwhile : <Part {...props} />;
  };
}
