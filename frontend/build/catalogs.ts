/**
 * Owns how message catalogs become code: ICU messages are parsed at build time, so that the parser is not shipped.
 * Catalogs stay plain JSON (`id` to ICU message), which translators can read.
 */
import { compileMessage } from "@lingui/message-utils/compileMessage";
import type { Plugin } from "vite";

const CATALOG = /\/src\/i18n\/catalogs\/[\w-]+\.json$/;

export function catalogs(): Plugin {
  return {
    name: "palaver:catalogs",
    enforce: "pre",
    transform(source, id) {
      if (!CATALOG.test(id.split("?", 1)[0] ?? "")) return null;
      const messages = JSON.parse(source) as Record<string, string>;
      const compiled = Object.fromEntries(
        Object.entries(messages).map(([key, message]) => [key, compileMessage(message)]),
      );
      return { code: `export default ${JSON.stringify(compiled)}`, map: null, moduleType: "js" };
    },
  };
}
