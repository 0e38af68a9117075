//! Which version of each server is installed: the one place that pins them. Debian's packages come in Debian's version;
//! of those only what must be there at least is named.

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
/// The program that apt's package brings, and the package.
pub const DEBIAN: [(&str, &str); 4] =
    [("redis-server", "redis-server"), ("redis-cli", "redis-tools"), ("postgres", "postgresql"), ("nginx", "nginx")];
