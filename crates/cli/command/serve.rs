//! `ibid serve`: MCP and pages over HTTP, until it is told to stop. What `ibid mcp` needs of it too is here.

mod rules;

use std::fs;
use std::future::Future;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ibid_core::id::CollectionName;
use ibid_index::OpenError;
use ibid_indexer::Report;
use ibid_server::audit::AuditLog;
use ibid_server::{
    AccessConfig, AccessStore, Figures, Guides, Library, Listeners, OidcConfig, ServeConfig, ServeError,
    Token, Traces, base_url, counts_callers_as_one, serve,
};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::args::{Admission, BackgroundArgs, ServeArgs};
use crate::command::connect::program;
use crate::connect::guide::{Reader, guides};
use crate::environment::{self, Environment};
use crate::failure::{Failure, Outcome};
use crate::figures::measure_served;
use crate::follow::{Following, News};
use crate::log;
use crate::open::{self, ModelChoice, SharedModels};
use crate::output::{self, DIM, STRONG};
use crate::stop::Stop;
use crate::text::safe_line;

pub(crate) fn run(args: &ServeArgs, environment: Environment) -> Result<Outcome, Failure> {
    let collector = args.reach.otlp_endpoint.clone().or_else(environment::collector);
    let traces = collector.as_deref().map(Traces::to).transpose().map_err(ServeError::from)?;
    log::start_with(args.verbose, environment.quiet, traces.as_ref());
    let served = run_until_stopped(args, environment);
    if let Some(traces) = traces {
        traces.end();
    }
    served
}

fn run_until_stopped(args: &ServeArgs, environment: Environment) -> Result<Outcome, Failure> {
    let quiet = environment.quiet;
    let token = args.token_file.as_deref().map(read_token).transpose()?;
    // An address is told only where it will be answered at.
    args.reach.tls().map_or(Ok(()), |files| files.check()).map_err(ServeError::from)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        // Before the collections are read: an address that is taken is told at once.
        let (listener, address) = bind(args.listen).await?;
        let metrics = match args.reach.metrics {
            Some(wanted) => Some(bind(wanted).await?),
            None => None,
        };
        let oidc = args.oidc.config(environment.config.serving.people());
        if oidc.as_ref().is_some_and(|oidc| oidc.people.is_empty()) {
            return Err(Failure::NoPeople { path: environment.config_file.clone() });
        }
        let is_own = address.ip().is_loopback() && oidc.is_none();
        let access = access(args, is_own, environment.store.data_dir())?;
        let asks_for = AsksFor::of(oidc.as_ref(), access.as_ref(), token.is_some());
        let config = ServeConfig {
            public_url: args.public_url.clone(),
            allowed_origins: args.allow_origin.clone(),
            token,
            private: environment.config.serving.private(),
            secrets: environment.config.serving.secrets(),
            access,
            audit: Some(AuditLog::of(&environment.store)),
            trusted_proxies: args.access.trusted_proxy.clone(),
            guides: told_to_clients(args, &asks_for, &environment)?,
            figures: Figures::default(),
            oidc,
            tls: args.reach.tls(),
        };
        let base = base_url(address, &config)?;
        if counts_callers_as_one(address, &config)? {
            tracing::warn!(
                "the proxy or tunnel before this server is on this machine, so everybody counts as one address; with \
                 --trusted-proxy {} it is believed whom it calls for",
                address.ip()
            );
        }
        let ruled = rules::ruled(&environment.config.serving, config.access.as_ref())?;
        let models = Arc::new(SharedModels::new(environment));
        let library = library(&args.collection, args.background.second.rerank.as_deref(), models.clone())?;
        rules::tell(&ruled, &library)?;
        let stop = Stop::listen()?;
        let config = ServeConfig { figures: measure_served(&library, models.clone())?, ..config };
        if !args.background.no_watch {
            follow(&library, &args.collection, models, &args.background.share, stop.clone())?;
        }
        let asked = stopping(&stop);
        if !quiet {
            announce(&base, asks_for, metrics.as_ref().map(|(_, address)| *address))?;
        }
        let listeners = Listeners { clients: listener, metrics: metrics.map(|(listener, _)| listener) };
        let served = serve(listeners, library, config, asked).await;
        stop.settle();
        served?;
        Ok(Outcome::Done)
    })
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let listen = |source| Failure::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let bound = listener.local_addr().map_err(listen)?;
    Ok((listener, bound))
}

/// What a server asks of those who call it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum AsksFor {
    Nothing,
    Token,
    SignIn,
    /// At this identity provider.
    SignInAt(String),
}

impl AsksFor {
    fn of(oidc: Option<&OidcConfig>, access: Option<&AccessConfig>, has_token: bool) -> AsksFor {
        match (oidc, access) {
            (Some(oidc), _) => AsksFor::SignInAt(oidc.issuer.clone()),
            (None, Some(access)) if access.sign_in => AsksFor::SignIn,
            (None, None) if !has_token => AsksFor::Nothing,
            _ => AsksFor::Token,
        }
    }
}

/// What the page that connects clients says of them. A path of this machine is told to whoever sits at it.
fn told_to_clients(
    args: &ServeArgs,
    asks_for: &AsksFor,
    environment: &Environment,
) -> Result<Guides, Failure> {
    let token_env = (*asks_for == AsksFor::Token).then(|| "IBID_TOKEN".to_owned());
    let is_at_home = *asks_for == AsksFor::Nothing && args.public_url.is_none();
    let home = environment::home().filter(|_| is_at_home);
    let program = program(&args.collection, environment)?;
    Ok(Guides::new(move |url| {
        let at_home = home.as_deref().map(|home| (program.clone(), home));
        guides(url, &Reader { token_env: token_env.clone(), at_home })
    }))
}

/// Who is let in, as the flags say it. Where they do not: everybody at this machine; and where others can come, whoever
/// has a token or signs in, if there are tokens and people.
fn access(args: &ServeArgs, is_own: bool, data_dir: &Path) -> Result<Option<AccessConfig>, Failure> {
    let config = |store, sign_in| {
        let registration = !args.access.no_registration;
        let client_hosts = args.access.client_host.clone();
        Some(AccessConfig { store: Arc::new(store), sign_in, registration, client_hosts })
    };
    let open = || AccessStore::open(data_dir);
    match args.access.auth {
        Some(Admission::None) => Ok(None),
        Some(Admission::Token) => match open()? {
            store if store.is_empty()? && args.token_file.is_none() => Err(Failure::NoTokens),
            store => Ok(config(store, false)),
        },
        Some(Admission::OAuth) => match open()? {
            store if store.users()?.is_empty() => Err(Failure::NoUsers),
            store => Ok(config(store, true)),
        },
        None if is_own && args.public_url.is_none() => Ok(None),
        None if !AccessStore::is_in(data_dir) => Ok(None),
        None => {
            let store = open()?;
            let is_secure = match &args.public_url {
                Some(url) => url.trim().starts_with("https://"),
                None => args.reach.tls_cert.is_some() && !args.listen.ip().is_unspecified(),
            };
            let sign_in = is_secure && !store.users()?.is_empty();
            let has_tokens = !store.entries()?.is_empty();
            Ok(if sign_in || has_tokens { config(store, sign_in) } else { None })
        }
    }
}

/// Opens what is to be served.
pub(super) fn library(
    collections: &[String],
    rerank: Option<&str>,
    models: Arc<SharedModels>,
) -> Result<Arc<Library>, Failure> {
    // Before anything is served: one that was asked for and is not to be had is told at once.
    let reranker = open::reranker(rerank, models.environment())?;
    let store = models.environment().store.clone();
    let only = open::named(&store, collections)?;
    let only = (!only.is_empty()).then_some(only);
    let load = Box::new(move |record: &_| models.get(&ModelChoice::recorded(record)));
    let library = Library::open(store.clone(), only, load).map_err(|source: OpenError| {
        // The library says what is wrong, not with which collection; whoever fails here too is the one.
        open::collections(&store, collections).err().unwrap_or(Failure::Store(source))
    })?;
    library.tell_zone(environment::zone());
    if let Some(reranker) = reranker {
        library.rerank_with(Arc::new(reranker));
    }
    Ok(library)
}

/// Keeps what is served up to its folders.
pub(super) fn follow(
    library: &Arc<Library>,
    collections: &[String],
    models: Arc<SharedModels>,
    background: &BackgroundArgs,
    stop: Arc<Stop>,
) -> Result<(), Failure> {
    let names = open::named(&models.environment().store, collections)?;
    let manners = background.manners(models.environment());
    let served = Arc::downgrade(library);
    let tell = move |name: &CollectionName, news: News<'_>| match news {
        News::Committed => served.upgrade().map_or((), |library| library.look_soon()),
        news => log_news(name, &news),
    };
    let following = Following::start(names, models, manners, Arc::new(tell), stop)?;
    library.freshen_with(Box::new(move |name| {
        following.freshen(name).map_err(|failure| log_news(name, &News::Failed(&failure))).is_ok()
    }));
    Ok(())
}

/// The threads that serve.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Start)
}

/// Ends when the process is asked to.
pub(super) fn stopping(stop: &Stop) -> impl Future<Output = ()> + Send + 'static {
    let asked = stop.awaited();
    async move {
        asked.await;
        tracing::info!("stopping");
    }
}

fn log_news(collection: &CollectionName, news: &News<'_>) {
    match news {
        News::Committed => {}
        News::Changed(report) => {
            let Report { added, changed, renamed, removed, seconds, .. } = report;
            let seconds = seconds.total;
            tracing::info!(%collection, added, changed, renamed, removed, seconds, "indexed what changed");
        }
        News::Stopped(report) => {
            let Report { chunks, without_vector, .. } = report;
            tracing::info!(%collection, chunks, without_vector, "stopped; the rest is embedded the next time");
        }
        News::Failed(failure) => {
            tracing::warn!(%collection, reason = %failure.message(), "cannot be brought up to its folder");
        }
        News::Polled(reason) => {
            tracing::warn!(%collection, %reason, "the folder is looked at every few seconds");
        }
    }
}

fn read_token(path: &Path) -> Result<Token, Failure> {
    let secret =
        fs::read_to_string(path).map_err(|source| Failure::TokenFile { path: path.to_owned(), source })?;
    Token::new(&secret).map_err(|source| Failure::Token { path: path.to_owned(), source })
}

/// Says what to paste where.
fn announce(base: &str, asks_for: AsksFor, metrics: Option<SocketAddr>) -> Result<(), Failure> {
    let base = safe_line(base);
    let mut out = output::out();
    writeln!(out, "MCP address  {STRONG}{base}/mcp{STRONG:#}")?;
    let token = if asks_for == AsksFor::Token { " --header \"Authorization: Bearer TOKEN\"" } else { "" };
    writeln!(
        out,
        "{DIM}Claude Code{DIM:#}  claude mcp add --scope user --transport http ibid {base}/mcp{token}"
    )?;
    if asks_for == AsksFor::SignIn {
        writeln!(
            out,
            "{DIM}sign-in{DIM:#}      clients open {base}/login in a browser; `ibid token list` shows who has access"
        )?;
    }
    if let AsksFor::SignInAt(issuer) = &asks_for {
        writeln!(out, "{DIM}sign-in{DIM:#}      at {}", safe_line(issuer))?;
    }
    if let Some(address) = metrics {
        writeln!(out, "{DIM}metrics{DIM:#}      http://{address}/metrics")?;
    }
    writeln!(out, "{DIM}stop{DIM:#}         ctrl-c")?;
    Ok(out.flush()?)
}
