//! The store's ports on DynamoDB: one table, keys as in `keys`.
