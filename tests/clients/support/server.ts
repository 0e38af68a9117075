/** Owns a real server for these tests: the one of the SDK's own tests. */
export { Server, becomes } from "../../../frontend/sdk/test/server/server.ts";
export type { State } from "../../../frontend/sdk/src/index.ts";
