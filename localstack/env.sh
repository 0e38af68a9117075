# Settings that point Palaver and every AWS SDK and tool at the endpoint of start.sh or compose.yaml: `. localstack/env.sh`.
export AWS_ENDPOINT_URL="http://127.0.0.1:${GATEWAY_PORT:-4566}"
export AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=test
export AWS_SECRET_ACCESS_KEY=test
export DATABASE_URL=dynamodb:palaver
export PALAVER_FILES=s3://palaver-files
export PALAVER_S3_PATH_STYLE=true
