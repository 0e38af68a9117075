//! Bus and presence in one process (Redis next).
