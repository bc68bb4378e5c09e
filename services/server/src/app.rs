//! A service as the server runs it.

use std::error::Error;
use std::fmt::Display;
use std::pin::Pin;

use axum::Router;

use crate::probes::Health;

/// The routes of a service, what its health depends on, and what it does in the background.
pub struct App {
    pub(crate) router: Router,
    pub(crate) health: Option<Health>,
    pub(crate) untraced: &'static [&'static str],
    pub(crate) secret_queries: &'static [&'static str],
    pub(crate) background: Vec<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

/// Why a service could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A setting is wrong.
    #[error("{0}")]
    Settings(Box<dyn Error + Send + Sync>),
    /// The store cannot be opened.
    #[error("{0}")]
    Store(Box<dyn Error + Send + Sync>),
}

impl BuildError {
    /// A setting is wrong.
    pub fn settings(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Settings(error.into())
    }

    /// The store cannot be opened.
    pub fn store(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Store(error.into())
    }
}

impl App {
    /// A service with these routes.
    pub fn new(router: Router) -> Self {
        Self {
            router,
            health: None,
            untraced: &[],
            secret_queries: &[],
            background: Vec::new(),
        }
    }

    /// `/health` answers 503 and names `part` while `probe` fails.
    #[must_use]
    pub fn with_health<P, F, E>(mut self, part: &'static str, probe: P) -> Self
    where
        P: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        self.health = Some(Health::new(part, probe));
        self
    }

    /// Routes, by their templates, that make no span: those that carry telemetry themselves.
    #[must_use]
    pub fn with_untraced(mut self, routes: &'static [&'static str]) -> Self {
        self.untraced = routes;
        self
    }

    /// Routes, by their templates, whose queries hold secrets: their spans have no `url.query`.
    #[must_use]
    pub fn with_secret_queries(mut self, routes: &'static [&'static str]) -> Self {
        self.secret_queries = routes;
        self
    }

    /// A task for the whole life of the service: it starts before the service is ready, and is
    /// dropped at an await after the drain. If it returns or panics before, the service ends.
    #[must_use]
    pub fn with_background(mut self, task: impl Future<Output = ()> + Send + 'static) -> Self {
        self.background.push(Box::pin(task));
        self
    }
}
