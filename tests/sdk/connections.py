"""Makes the calls listed on standard input with the stock Python SDK, and prints the result of each."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

given = json.load(sys.stdin)
client = boto3.client(
    "apigatewaymanagementapi",
    endpoint_url=given["endpoint"],
    region_name="us-east-1",
    aws_access_key_id=given["key"],
    aws_secret_access_key=given["secret"],
    config=Config(retries={"total_max_attempts": 1}),
)


def call(asked):
    arguments = {"ConnectionId": asked["id"]}
    if asked["op"] == "PostToConnection":
        arguments["Data"] = asked["data"].encode()
    operations = {
        "PostToConnection": client.post_to_connection,
        "GetConnection": client.get_connection,
        "DeleteConnection": client.delete_connection,
    }
    try:
        answer = operations[asked["op"]](**arguments)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return {"status": status, "error": type(error).__name__, "said": error.response["Error"]["Message"]}
    found = {"status": answer["ResponseMetadata"]["HTTPStatusCode"], "error": None}
    if asked["op"] == "GetConnection":
        found["connectedAt"] = int(answer["ConnectedAt"].timestamp() * 1000)
        found["lastActiveAt"] = int(answer["LastActiveAt"].timestamp() * 1000)
        found["sourceIp"] = answer["Identity"]["SourceIp"]
        found["userAgent"] = answer["Identity"]["UserAgent"]
    return found


print(json.dumps([call(asked) for asked in given["calls"] for _ in range(asked.get("times", 1))]))
