/** Signs guests in, makes the room of the scenario if it is missing, and prints a token a line. */
const [url, count] = process.argv.slice(2);

async function call(path, token, body) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok && answer.status !== 409) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const tokens = [];
for (let n = 0; n < Number(count); n++) {
  tokens.push((await call("/api/auth/guest", null, { name: `user-${n}` })).access_token);
}
// Guests may not make rooms, so a person does.
const person = { name: `bench-${Date.now()}`, password: "correct horse battery staple", first_token: process.env.FIRST_TOKEN };
const { access_token } = await call("/api/auth/register", null, person);
await call("/api/rooms", access_token, { id: "test-room", name: "test-room", description: "", kind: "public" });
console.log(tokens.join("\n"));
