//! How a server is reached and watched: what `ibid serve` is told of TLS, of metrics and of traces.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use ibid_server::CertificateFiles;

/// How a server is reached and watched.
#[derive(Debug, Default, Args)]
pub(crate) struct ReachArgs {
    /// Speak TLS with the certificate in this file (PEM, with the chain); read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key is in this file (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Give numbers for Prometheus here, at /metrics: how much is asked, how long it takes, how large the collections are. A
    /// port alone is on this machine
    #[arg(long, value_name = "[ADDRESS:]PORT", value_parser = address)]
    pub(crate) metrics: Option<SocketAddr>,
    /// Send traces to this collector (OpenTelemetry, OTLP over HTTP) [default: what OTEL_EXPORTER_OTLP_ENDPOINT names, or none]
    #[arg(long, value_name = "URL")]
    pub(crate) otlp_endpoint: Option<String>,
}

/// An address and a port, or a port of this machine.
fn address(typed: &str) -> Result<SocketAddr, String> {
    let port = typed.parse::<u16>().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    port.ok().or_else(|| typed.parse().ok()).ok_or_else(|| "it takes 9117 or 127.0.0.1:9117".to_owned())
}

/// An address with its port. Nothing is looked up, so a name is none.
pub(super) fn with_port(typed: &str) -> Result<SocketAddr, String> {
    // The colons of an address of IPv6 part no port, unless it stands in brackets.
    let after = typed.rsplit_once("]:").or_else(|| typed.split_once(':')).map_or(typed, |(_, after)| after);
    let port = after.parse::<u16>().unwrap_or(7117);
    typed.parse().map_err(|_| format!("it takes an address in numbers and a port, such as 127.0.0.1:{port}"))
}

impl ReachArgs {
    /// The certificate, if there is one.
    pub(crate) fn tls(&self) -> Option<CertificateFiles> {
        let (certificate, key) = self.tls_cert.clone().zip(self.tls_key.clone())?;
        Some(CertificateFiles { certificate, key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_types_what_is_no_address_is_shown_one_with_the_port_that_was_meant() {
        for (typed, port) in
            [("localhost:9117", 9117), ("::1", 7117), ("[::1]:9117", 9117), ("localhost", 7117)]
        {
            let shown = with_port(typed)
                .map_or_else(|error| error, |address| format!("127.0.0.1:{}", address.port()));
            assert!(shown.ends_with(&format!("127.0.0.1:{port}")), "{typed}: {shown}");
        }
    }

    #[test]
    fn a_port_alone_is_on_this_machine() {
        for (typed, address_is) in [
            ("9117", Some("127.0.0.1:9117")),
            ("0.0.0.0:9117", Some("0.0.0.0:9117")),
            ("[::1]:0", Some("[::1]:0")),
            ("70000", None),
            (":9117", None),
            ("localhost:9117", None),
            ("", None),
        ] {
            let read = address(typed).ok().map(|address| address.to_string());
            assert_eq!(read.as_deref(), address_is, "{typed}");
        }
    }
}
