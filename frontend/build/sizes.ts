/**
 * Owns the size budget: prints what the first screens load, and fails the build when one of them exceeds the budget. A first
 * screen is the entry with a part that it loads at once, and all that they import.
 */
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

interface Budget {
  /** The bytes of JavaScript, compressed with gzip, that a first screen may load. */
  readonly maxFirstLoadGzip: number;
  /** The first screens: a name, and the module that the entry loads on demand. */
  readonly screens: Readonly<Record<string, string>>;
}

/** A chunk as far as its size and place matter. */
interface Part {
  readonly imports: readonly string[];
  readonly modules: readonly string[];
  readonly isEntry: boolean;
  readonly bytes: number;
}

/** Returns the bytes that a screen loads: the entry, the chunk with the module, and all that these import. */
export function firstLoad(parts: ReadonlyMap<string, Part>, module: string): number {
  const loaded = new Set<string>();
  const add = (name: string) => {
    const part = parts.get(name);
    if (part === undefined || loaded.has(name)) return;
    loaded.add(name);
    part.imports.forEach(add);
  };
  let isThere = false;
  for (const [name, { isEntry, modules }] of parts) {
    const has = modules.some((id) => id.endsWith(module));
    isThere ||= has;
    if (isEntry || has) add(name);
  }
  if (!isThere) throw new Error(`no chunk contains ${module}`);
  return [...loaded].reduce((sum, name) => sum + (parts.get(name)?.bytes ?? 0), 0);
}

export function sizes({ maxFirstLoadGzip, screens }: Budget): Plugin {
  return {
    name: "palaver:sizes",
    apply: "build",
    generateBundle(_options, bundle) {
      const parts = new Map<string, Part>();
      for (const [name, chunk] of Object.entries(bundle)) {
        if (chunk.type !== "chunk") continue;
        const bytes = gzipSync(chunk.code, { level: 9 }).length;
        parts.set(name, { imports: chunk.imports, modules: Object.keys(chunk.modules), isEntry: chunk.isEntry, bytes });
      }
      const total = [...parts.values()].reduce((sum, { bytes }) => sum + bytes, 0);
      const loads = Object.entries(screens).map(([name, module]) => [name, firstLoad(parts, module)] as const);
      const said = loads.map(([name, bytes]) => `${name} ${kb(bytes)}`).join(", ");
      console.info(`\nJavaScript, gzip: ${said}, everything ${kb(total)}`);
      for (const [name, bytes] of loads) {
        if (bytes > maxFirstLoadGzip) {
          this.error(
            `the first load of the ${name} is ${kb(bytes)} of JavaScript; the budget is ${kb(maxFirstLoadGzip)}`,
          );
        }
      }
    },
  };
}

function kb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
