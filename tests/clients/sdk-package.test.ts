import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { install } from "./support/packed.ts";
import { pathOf, read } from "./support/repository.ts";
import { run } from "./support/run.ts";

describe("the packed SDK", () => {
  let folder: string;
  const unpacked = () => join(folder, "node_modules/@palaver/sdk");
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "palaver-sdk-unpacked-"));
    install(inject("tarball"), folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("has its build, declarations, sources and licence, and nothing of the tests", () => {
    const files = readdirSync(unpacked(), { recursive: true }).map(String);
    for (const file of ["package.json", "README.md", "LICENSE", "dist/index.js", "dist/index.d.ts", "dist/react/index.js", "dist/react/index.d.ts", "src/index.ts"]) {
      expect(files).toContain(file);
    }
    expect(files.filter((file) => /test|vitest|tsconfig|node_modules/.test(file))).toEqual([]);
    expect(readFileSync(join(unpacked(), "LICENSE"), "utf8")).toBe(read("LICENSE"));
  });

  it("passes publint without a message", async () => {
    const { messages, pkg } = await publint({ pkgDir: unpacked(), strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it("has types that every kind of resolution finds", () => {
    // It has ES modules only: `require` of it works in Node 20.19, and TypeScript finds its types by `import`.
    run(pathOf("tests/clients/node_modules/.bin/attw"), [inject("tarball"), "--profile", "esm-only", "--format", "table-flipped", "--no-emoji"], folder);
  });

  it("is imported by Node, and its two entries share their modules", () => {
    install(inject("tarball"), folder, ["idb", "react"]);
    writeFileSync(
      join(folder, "import.mjs"),
      `import { ChatClient, PalaverError, localStorageTokens, ROLES } from "@palaver/sdk";
       import * as react from "@palaver/sdk/react";
       const client = new ChatClient({ baseUrl: "http://127.0.0.1:9", storage: false });
       console.log(typeof client.start, PalaverError.name, typeof localStorageTokens, ROLES.length, Object.keys(react).sort().join());`,
    );
    expect(run(process.execPath, ["import.mjs"], folder).trim()).toBe("function PalaverError function 5 ChatProvider,useChat,useClient,useClientState");
  });

  it("has sources that a Node which strips types can run: nothing must be compiled, and each import has its ending", () => {
    // `erasableSyntaxOnly` in the SDK's tsconfig.json is the compiler's check of the first half.
    expect(read("frontend/sdk/tsconfig.json")).toContain('"erasableSyntaxOnly": true');
    const sources = readdirSync(pathOf("frontend/sdk/src"), { recursive: true }).map(String).filter((file) => /\.tsx?$/.test(file));
    expect(sources.filter((file) => file.endsWith(".tsx"))).toEqual([]);
    for (const file of sources) {
      const imports = [...read(`frontend/sdk/src/${file}`).matchAll(/(?:from|import) "(\.[^"]+)"/g)].map(([, name]) => name);
      expect(imports.filter((name) => !name?.endsWith(".ts")), file).toEqual([]);
    }
  });
});
