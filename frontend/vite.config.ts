/** Owns how the page is built, served during development, and tested. */
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { catalogs } from "./build/catalogs.ts";
import { precompress } from "./build/precompress.ts";
import { sizes } from "./build/sizes.ts";

/** URL of the server that `vite dev` proxies to. */
const SERVER = process.env.PALAVER_SERVER ?? "http://127.0.0.1:8080";

/** The SDK's sources: the page is built with them, and not with the SDK's package. */
const SDK = fileURLToPath(new URL("./sdk/src", import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@palaver\/sdk$/, replacement: `${SDK}/index.ts` },
      { find: /^@palaver\/sdk\/react$/, replacement: `${SDK}/react/index.ts` },
    ],
  },
  // The server writes the path where it is published in front of these links.
  base: "./",
  plugins: [
    catalogs(),
    react(),
    sizes({
      maxFirstLoadGzip: 180_000,
      screens: { "sign-in": "/src/features/session/SignIn.tsx", chat: "/src/app/Shell.tsx" },
    }),
    precompress(),
  ],
  build: {
    outDir: "dist",
    target: "es2022",
    // The HTML lists what the first screen needs, and all supported browsers can preload modules without a polyfill.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      "/api": { target: SERVER },
      "/v1/ws": { target: SERVER, ws: true },
    },
  },
  test: {
    include: ["src/**/*.test.{ts,tsx}", "build/**/*.test.ts"],
    environment: "node",
  },
});
