import { writeFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pathOf, read } from "./support/repository.ts";
import { Server } from "./support/server.ts";
import { parse, record, text, type Frame, type Line } from "./support/transcript.ts";

const PAGE = "docs/protocol/README.md";
const ASYNCAPI = "docs/protocol/asyncapi.json";
const BETWEEN = /<!-- transcript -->\n```text\n([\s\S]*?)\n```\n<!-- \/transcript -->/;

/** The parts of the AsyncAPI document that these tests read. */
interface Document {
  components: { schemas: { Code: { oneOf: { const: string }[] } }; messages: Record<string, { name: string }> };
  "x-close-codes": { code: number; reason: string; reconnect: boolean }[];
}
const document = JSON.parse(read(ASYNCAPI)) as Document;

/** Returns the cells of each row of the page's tables whose first cell is this. */
function rows(first: string): string[][] {
  const lines = read(PAGE).split("\n").filter((line) => line.startsWith(`| ${first} |`));
  return lines.map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

describe("the AsyncAPI document", () => {
  it("is valid, without an error or a warning", async () => {
    const { document: parsed, diagnostics } = await new Parser().parse(read(ASYNCAPI));
    // Diagnostics also recommend the newest version of the specification; that is no fault of the document.
    const faults = diagnostics.filter(({ code }) => code !== "asyncapi-latest-version");
    expect(faults.map(({ code, message, path }) => `${code}: ${message} at ${path.join(".")}`)).toEqual([]);
    expect(parsed?.messages().all().length).toBe(Object.keys(document.components.messages).length);
  });
});

describe("the protocol's page", () => {
  it("says what a client does after each error code", () => {
    const codes = document.components.schemas.Code.oneOf.map((code) => code.const);
    expect(codes.length).toBeGreaterThan(10);
    for (const code of codes) {
      // The statuses of a `sync`, some of which have the same names, have a table with two columns.
      const found = rows(`\`${code}\``).filter((cells) => cells.length === 3);
      expect(found, code).toHaveLength(1);
      for (const cell of found[0]!) expect(cell.length, code).toBeGreaterThan(3);
    }
  });

  it("says what a client does after each close code, and whether it reconnects", () => {
    expect(document["x-close-codes"].length).toBeGreaterThan(5);
    for (const { code, reason, reconnect } of document["x-close-codes"]) {
      const found = rows(String(code));
      expect(found, reason).toHaveLength(1);
      const [, name, , action] = found[0]!;
      expect(name).toBe(`\`${reason}\``);
      expect(action?.startsWith("does not reconnect"), `${code}: ${action}`).toBe(!reconnect);
    }
  });

  it("names every frame", () => {
    const page = read(PAGE);
    const names = Object.values(document.components.messages).map(({ name }) => name);
    expect(names.filter((name) => !new RegExp(`\`${name}[ \`]`).test(page))).toEqual([]);
  });
});

describe("the transcript of a session", () => {
  let server: Server;
  let recorded: Line[];
  const frames = () => parse(BETWEEN.exec(read(PAGE))?.[1] ?? "");
  beforeAll(async () => {
    server = await Server.start();
    recorded = await record(server);
    // Run it with UPDATE_TRANSCRIPT=1 after a change of the protocol.
    if (process.env.UPDATE_TRANSCRIPT !== undefined) {
      const [before, rest] = read(PAGE).split("<!-- transcript -->\n") as [string, string];
      const after = rest.slice(rest.indexOf("<!-- /transcript -->"));
      writeFileSync(pathOf(PAGE), `${before}<!-- transcript -->\n\`\`\`text\n${text(recorded)}\n\`\`\`\n${after}`);
    }
  });
  afterAll(() => server?.end());

  it("has the frames that a real server sends and accepts", () => {
    const played = parse(text(recorded));
    expect(frames().map(shape)).toEqual(played.map(shape));
    expect(played.length).toBeGreaterThan(30);
  });

  it("is valid by the schemas", () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const schema = (name: string): ValidateFunction => ajv.compile(JSON.parse(read(`docs/protocol/${name}-frame.schema.json`)) as object);
    const validate = { C: schema("client"), S: schema("server") };
    expect(frames().length).toBeGreaterThan(30);
    for (const line of frames()) {
      if (line.by === "#") continue;
      expect(validate[line.by](line.frame), `${JSON.stringify(line.frame)}: ${JSON.stringify(validate[line.by].errors)}`).toBe(true);
    }
    // The schemas do reject what is wrong.
    expect(validate.C({ t: "send", id: "1", room: "r", text: 5, seen: 1 })).toBe(false);
    expect(validate.S({ t: "ack", id: "1" })).toBe(false);
  });
});

/** Returns what two recordings of one session have in common: who says it, and the names and kinds of the fields, at every depth. */
function shape(line: Line): unknown {
  if (line.by === "#") return null;
  const of = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) return value.slice(0, 1).map((item) => of(item, key));
    if (typeof value === "object" && value !== null) {
      // The keys of cursors are ids.
      if (key === "cursors") return Object.keys(value).length;
      return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, of(field, name)]));
    }
    return ["t", "kind", "status", "op", "code", "dup", "noop", "state", "text", "seq"].includes(key) ? value : typeof value;
  };
  return [line.by, of(line.frame satisfies Frame, "")];
}
