//! Which version of each server is installed: the one place that pins them. Debian's packages come in Debian's version;
//! of those only what must be there at least is named.

/// PyPI `ministack`: a local AWS.
pub const MINISTACK: &str = "1.5.33";
/// Maven `com.amazonaws:DynamoDBLocal`: Amazon's own DynamoDB for tests.
pub const DYNAMODB_LOCAL: &str = "2.6.1";
/// Go module `github.com/versity/versitygw`: an S3 server on a folder.
pub const VERSITYGW: &str = "1.8.0";
/// The program that apt's package brings, and the package.
pub const DEBIAN: [(&str, &str); 4] =
    [("redis-server", "redis-server"), ("redis-cli", "redis-tools"), ("postgres", "postgresql"), ("nginx", "nginx")];
