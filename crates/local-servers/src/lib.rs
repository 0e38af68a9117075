//! Starts the servers that tests and the local cloud need: Redis, PostgreSQL, DynamoDB Local, S3, a local AWS.
//! Each on a free port of 127.0.0.1, its data in a temporary folder, ended when dropped.
