/** Lists the caller's rooms with the types that openapi-typescript has generated. */
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const [base, token] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: base, headers: { authorization: `Bearer ${token}` } });
const { data, error } = await client.GET("/api/rooms", { params: { query: { limit: 10 } } });
if (!data) throw new Error(error ? error.detail : "no answer");
for (const room of data.items) console.log(room.slug);
