/** Owns parts of the page that load when they are first shown, so that a first visit does not wait for them. */
import { type ComponentType, lazy, Suspense } from "react";

/** Where the part will be, nothing shows until it is there. */
export function onDemand<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const Part = lazy(async () => ({ default: await load() })) as unknown as ComponentType<P>;
  return (props) => (
    <Suspense>
      <Part {...props} />
    </Suspense>
  );
}
