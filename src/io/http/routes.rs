//! What is answered where. Reads the tables, sends commands; what a request means is worked out in `report`.

use super::door::{self, Door};
use super::scrape::Scrape;
use super::tables::Tables;
use crate::io::publication::Command;
use crate::report::command::{self, CommandError};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, delete, get, post};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// Longest body of a request, bytes.
const BODY_MAX: usize = 16 * 1_024;
/// How long the first answers wait for the first publication: the port is open a moment before the control loop turns.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Status and reason of a request that is refused.
pub type Refusal = (StatusCode, String);

/// What all requests share.
pub struct Shared {
    tables: Arc<Tables>,
    scrape: Scrape,
    commands: mpsc::Sender<Command>,
    /// Commands for which the control thread had no room.
    refused: Arc<AtomicU64>,
}

impl Shared {
    pub fn new(tables: Arc<Tables>, commands: mpsc::Sender<Command>) -> Result<Self, prometheus::Error> {
        let refused = Arc::<AtomicU64>::default();
        let scrape = Scrape::new(Arc::clone(&tables), Arc::clone(&refused))?;
        Ok(Self { tables, scrape, commands, refused })
    }

    fn command(&self, command: Command) -> Response {
        match self.commands.try_send(command) {
            Ok(()) => (StatusCode::ACCEPTED, Json(json!({ "accepted": true }))).into_response(),
            Err(refused) => {
                if matches!(refused, TrySendError::Full(_)) {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                }
                let mut response = refusal(StatusCode::SERVICE_UNAVAILABLE, "too busy; try again").into_response();
                response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
                response
            }
        }
    }
}

/// Everything that is answered.
pub fn router(shared: Arc<Shared>, door: Door) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/readyz", get(ready))
        .route("/api/calls", get(calls))
        .route("/api/calls/{id}", delete(end_call))
        .route("/api/queues", get(queues))
        .route("/api/agents", get(agents))
        .route("/api/agents/{number}/state", post(set_state))
        .layer(from_fn_with_state(Arc::clone(&shared), after_the_first_publication))
        .route("/healthz", get(healthy))
        .fallback(|| async { refusal(StatusCode::NOT_FOUND, WHAT_THERE_IS) })
        .method_not_allowed_fallback(|| async {
            refusal(StatusCode::METHOD_NOT_ALLOWED, "not with this method; see the header Allow")
        })
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state(door, door::guard))
        .with_state(shared)
}

const WHAT_THERE_IS: &str = "there is nothing here; there are /metrics, /healthz, /readyz, GET /api/calls, /api/queues and \
    /api/agents, POST /api/agents/{number}/state, DELETE /api/calls/{id}";

/// An answer that says why not.
pub fn refusal(status: StatusCode, why: &str) -> impl IntoResponse + use<> {
    (status, Json(json!({ "error": why })))
}

async fn after_the_first_publication(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let _ = tokio::time::timeout(FIRST_WAIT, shared.tables.published()).await;
    next.run(request).await
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    match shared.scrape.text() {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()).into_response(),
    }
}

async fn healthy(State(shared): State<Arc<Shared>>) -> Response {
    match shared.tables.is_alive() {
        true => "ok\n".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the control thread says nothing\n").into_response(),
    }
}

async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let why = match shared.tables.latest() {
        None => "starting\n",
        Some(latest) if latest.draining => "draining\n",
        Some(_) if !shared.tables.is_alive() => "the control thread says nothing\n",
        Some(_) => return "ready\n".into_response(),
    };
    (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
}

async fn calls(State(shared): State<Arc<Shared>>) -> Response {
    shared.tables.calls(|views| Json(views).into_response())
}

async fn queues(State(shared): State<Arc<Shared>>) -> Response {
    shared.tables.queues(|views| Json(views).into_response())
}

async fn agents(State(shared): State<Arc<Shared>>) -> Response {
    shared.tables.agents(|views| Json(views).into_response())
}

async fn end_call(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    match command::call_id(&id).filter(|&call| shared.tables.has_call(call)) {
        Some(call) => shared.command(Command::End { call }),
        None => refusal(StatusCode::NOT_FOUND, "no such call; GET /api/calls lists them").into_response(),
    }
}

async fn set_state(
    State(shared): State<Arc<Shared>>,
    Path(number): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    if !is_json(&headers) {
        return refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "this takes `Content-Type: application/json`")
            .into_response();
    }
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return refusal(rejection.status(), &rejection.body_text()).into_response(),
    };
    let names = shared.tables.names();
    let Some(agent) = names.agent_by_number(&number) else {
        return refusal(StatusCode::NOT_FOUND, "no agent has this number; GET /api/agents lists them").into_response();
    };
    match command::wish(&body, names) {
        Ok(wish) => shared.command(Command::Wish { agent, wish }),
        Err(error @ CommandError::Body(_)) => refusal(StatusCode::BAD_REQUEST, &error.to_string()).into_response(),
        Err(error) => refusal(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()).into_response(),
    }
}

/// A form of a foreign page cannot send this type without asking first.
fn is_json(headers: &HeaderMap) -> bool {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|sent| sent.to_str().ok()).unwrap_or_default();
    sent.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}
