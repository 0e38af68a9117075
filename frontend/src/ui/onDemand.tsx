/** Owns parts of the page that load when they are first shown, so that a first visit does not wait for them. */
import { type ComponentType, lazy, Suspense } from "react";

/** Returns a component that renders nothing until it is loaded. */
export function onDemand<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const Part = lazy(async () => ({ default: await load() })) as unknown as ComponentType<P>;
  return (props) => (
    <Suspense>
      <Part {...props} />
    </Suspense>
  );
}
