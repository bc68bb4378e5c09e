//! How people sign in at the page.
//!
//! The frontend server is the browser's back end (OAuth 2.0 for Browser-Based Applications, section
//! 6.1): it runs the code flow of OpenID Connect with PKCE, keeps the tokens in a cookie that only it
//! can read, and puts them on the requests that it passes on. No token ever reaches the page. The
//! session lies in the cookie alone, so that any frontend server with the same secret knows it.

mod args;
mod begun;
mod cookie;
mod flow;
mod metrics;
mod public_url;
mod refresh;
mod routes;
mod same_origin;
mod seal;
mod session;
mod tokens;

pub use args::{SignInArgs, SignInError};
pub use public_url::PublicUrl;
pub use routes::{ROUTES_WITH_SECRETS, SignIn, router};
pub use session::Signed;
