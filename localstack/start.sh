#!/usr/bin/env bash
# Starts a LocalStack-compatible endpoint on http://127.0.0.1:4566, without Docker. All data is in memory; Ctrl-C stops it.
#   localstack/start.sh            only the endpoint
#   localstack/start.sh --second   also a second emulator of each service that Palaver uses:
#                                  DynamoDB Local on :8000, versitygw (S3) on :7070
# Ports: GATEWAY_PORT, DYNAMODB_PORT, S3_PORT. In another terminal: `. localstack/env.sh && palaver bootstrap`.
set -euo pipefail
cd "$(dirname "$0")/.."

tools="${XDG_CACHE_HOME:-$HOME/.cache}/palaver/tools"
versions=crates/local-servers/src/versions.rs
version() { sed -n "s/^pub const $1: &str = \"\(.*\)\";/\1/p" "$versions"; }
ministack="$tools/ministack-$(version MINISTACK)"
dynamodb="$tools/dynamodb-local-$(version DYNAMODB_LOCAL)"
versitygw="$tools/versitygw-$(version VERSITYGW)"

for tool in "$ministack" "$dynamodb" "$versitygw"; do
  [ -f "$tool/.palaver-complete" ] || { cargo xtask servers; break; }
done

data="$(mktemp -d)"
children=()
# Kills only the jobs of this shell, by their process ids.
finish() { trap - EXIT; kill "${children[@]}" 2>/dev/null || true; wait; rm -rf "$data"; }
trap finish EXIT
trap 'exit 130' INT TERM

port="${GATEWAY_PORT:-4566}"
env BIND_HOST=127.0.0.1 GATEWAY_PORT="$port" AWS_ENDPOINT_URL="http://127.0.0.1:$port" \
  AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 \
  S3_DATA_DIR="$data/s3" STATE_DIR="$data/state" TMPDIR="$data" SFTP_ENABLED=0 IOT_MTLS_ENABLED=0 \
  "$ministack/bin/ministack" &
children+=($!)

if [ "${1:-}" = --second ]; then
  (cd "$dynamodb" && exec java -Djava.library.path=lib -cp "lib:lib/*" Loopback \
    -inMemory -sharedDb -disableTelemetry -port "${DYNAMODB_PORT:-8000}") &
  children+=($!)
  mkdir "$data/objects"
  ROOT_ACCESS_KEY_ID=test ROOT_SECRET_ACCESS_KEY=test-secret "$versitygw/versitygw" \
    --port "127.0.0.1:${S3_PORT:-7070}" --region us-east-1 --quiet posix "$data/objects" &
  children+=($!)
fi

# When one server exits, stop all of them.
wait -n
