//! The WebSocket tier: hub, session, gateway.
