// Makes the calls listed on standard input with the stock JavaScript SDK, and prints the result of each.

const sdk = require("@aws-sdk/client-apigatewaymanagementapi");

async function call(client, asked) {
  const input = { ConnectionId: asked.id };
  if (asked.op === "PostToConnection") {
    input.Data = Buffer.from(asked.data);
  }
  try {
    const answer = await client.send(new sdk[`${asked.op}Command`](input));
    const found = { status: answer.$metadata.httpStatusCode, error: null };
    if (asked.op === "GetConnection") {
      found.connectedAt = answer.ConnectedAt.getTime();
      found.lastActiveAt = answer.LastActiveAt.getTime();
      found.sourceIp = answer.Identity.SourceIp;
      found.userAgent = answer.Identity.UserAgent;
    }
    return found;
  } catch (error) {
    // The class, which is what a program catches; the SDK's own name for unknown errors.
    return { status: error.$metadata?.httpStatusCode, error: error.constructor.name, said: error.message };
  }
}

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) {
    chunks.push(chunk);
  }
  const given = JSON.parse(Buffer.concat(chunks).toString());
  const client = new sdk.ApiGatewayManagementApiClient({
    endpoint: given.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: given.key, secretAccessKey: given.secret },
    maxAttempts: 1,
  });
  const found = [];
  for (const asked of given.calls) {
    for (let time = 0; time < (asked.times ?? 1); time += 1) {
      found.push(await call(client, asked));
    }
  }
  process.stdout.write(JSON.stringify(found));
}

main();
