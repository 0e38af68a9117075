//! What every function shares: auth extractor, problem+json, health, OpenAPI page, config, shutdown.
