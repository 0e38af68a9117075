/** Owns the size budget: prints what a first visit loads and fails the build when it exceeds the budget. */
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

export function sizes({ maxFirstLoadGzip }: { maxFirstLoadGzip: number }): Plugin {
  return {
    name: "palaver:sizes",
    apply: "build",
    generateBundle(_options, bundle) {
      const first = new Set<string>();
      const add = (name: string) => {
        const chunk = bundle[name];
        if (chunk?.type !== "chunk" || first.has(name)) return;
        first.add(name);
        chunk.imports.forEach(add);
      };
      let total = 0;
      const bytes = new Map<string, number>();
      for (const [name, chunk] of Object.entries(bundle)) {
        if (chunk.type !== "chunk") continue;
        const size = gzipSync(chunk.code, { level: 9 }).length;
        bytes.set(name, size);
        total += size;
        if (chunk.isEntry) add(name);
      }
      const firstLoad = [...first].reduce((sum, name) => sum + (bytes.get(name) ?? 0), 0);
      console.info(`\nJavaScript, gzip: first load ${kib(firstLoad)}, everything ${kib(total)}`);
      if (firstLoad > maxFirstLoadGzip) {
        this.error(`the first load is ${kib(firstLoad)} of JavaScript; the budget is ${kib(maxFirstLoadGzip)}`);
      }
    },
  };
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
