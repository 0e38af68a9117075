//! Frames, REST bodies, error codes; emits TypeScript and JSON Schema.
