//! Identifies the caller: verifies the bearer token of a call once, and provides extractors for handlers.

use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use domain::{Actor, Code, Refusal, UserId};
use http::{Extensions, HeaderMap, header, request::Parts};
use service::auth::Auth;

use crate::Problem;

/// The signed-in caller; a call without a valid access token is answered with 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller(pub Actor);

/// The signed-in caller, if any. An invalid token is rejected, not ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaybeCaller(pub Option<Actor>);

/// An admin, or a service with its own token; all other callers are answered with 403.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdminOrService(pub Actor);

/// Marks a call by a service, which may do only what [`AdminOrService`] guards.
#[derive(Clone, Copy)]
struct Service(Actor);

/// The result of verifying a call's token, stored by the middleware for the extractors.
#[derive(Clone)]
struct Verdict(Result<Actor, Refusal>);

/// Marks a call with a token that was issued for clients of the older contract.
#[derive(Clone, Copy)]
pub(crate) struct OlderToken;

/// Where the request log finds the caller.
#[derive(Clone, Default)]
pub(crate) struct KnownUser(pub(crate) Arc<OnceLock<UserId>>);

/// Verifies the bearer token, if the call has one, and stores the result in the request's extensions (an [`Actor`], so
/// that a test can put one there itself).
pub(crate) async fn authenticate(State(auth): State<Arc<Auth>>, mut request: Request, next: Next) -> Response {
    if let Some(token) = bearer(request.headers()) {
        let service = token.as_ref().ok().and_then(|token| auth.tokens.verify_service(token));
        if let Some(actor) = service {
            request.extensions_mut().insert(Service(actor));
            return next.run(request).await;
        }
        let is_for_compat = token.as_ref().is_ok_and(|token| auth.tokens.is_for_compat(token));
        let verdict = match token {
            Ok(token) => auth.sessions.verify_now(token).await,
            Err(refusal) => Err(refusal),
        };
        if let Ok(actor) = &verdict {
            if let Some(KnownUser(user)) = request.extensions().get() {
                let _ = user.set(actor.user);
            }
            let actor = *actor;
            request.extensions_mut().insert(actor);
        }
        request.extensions_mut().insert(Verdict(verdict));
        if is_for_compat {
            request.extensions_mut().insert(OlderToken);
        }
    }
    next.run(request).await
}

fn bearer(headers: &HeaderMap) -> Option<Result<&str, Refusal>> {
    let bad = || {
        Err(Refusal::new(
            Code::Unauthenticated,
            "The Authorization header must be `Bearer`, a space and the access token.",
        ))
    };
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return Some(bad());
    }
    let token = value.to_str().ok().and_then(|value| value.split_once(' '));
    Some(match token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => bad(),
    })
}

fn caller(parts: &Parts) -> Result<Option<Actor>, Problem> {
    if parts.extensions.get::<Service>().is_some() {
        return Err(Refusal::forbidden("A service token cannot do this; sign in as a user.").into());
    }
    match parts.extensions.get::<Verdict>() {
        Some(Verdict(Err(refusal))) => Err(refusal.clone().into()),
        _ => Ok(parts.extensions.get::<Actor>().copied()),
    }
}

/// Returns what [`authenticate`] found out, without anything else.
pub(crate) fn known(extensions: &Extensions) -> Extensions {
    let mut known = Extensions::new();
    known.extend(one::<Actor>(extensions));
    known.extend(one::<Verdict>(extensions));
    known.extend(one::<Service>(extensions));
    known
}

fn one<T: Clone + Send + Sync + 'static>(extensions: &Extensions) -> Extensions {
    let mut copied = Extensions::new();
    if let Some(value) = extensions.get::<T>() {
        copied.insert(value.clone());
    }
    copied
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let nobody = || Refusal::new(Code::Unauthenticated, "Sign in first: send an access token as a bearer token.");
        caller(parts)?.map(Caller).ok_or_else(|| nobody().into())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        caller(parts).map(MaybeCaller)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AdminOrService {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if let Some(Service(actor)) = parts.extensions.get() {
            return Ok(AdminOrService(*actor));
        }
        let Caller(actor) = Caller::from_request_parts(parts, state).await?;
        match actor.admin {
            true => Ok(AdminOrService(actor)),
            false => Err(Refusal::forbidden("Only admins and services can do this.").into()),
        }
    }
}
