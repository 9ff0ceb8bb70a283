//! Which addresses may be asked for at all, by how they are written. Where a host lies in the network is looked at when
//! it is connected to.

use url::Url;

use super::page::host_of;

/// Longer addresses are not asked for: nobody wrote them.
const MAX_URL_BYTES: usize = 2_048;

/// The allow-list.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    domains: Vec<String>,
}

impl Scope {
    /// Of these domains: `site.test` for that host at its usual ports, `site.test:8080` for another port,
    /// `*.site.test` for every host below it.
    pub(super) fn new(domains: &[String]) -> Scope {
        Scope { domains: domains.iter().map(|domain| domain.to_ascii_lowercase()).collect() }
    }

    /// Why an address is not to be asked for, if it is not.
    pub(super) fn allows(&self, url: &Url) -> Result<(), &'static str> {
        let host = host_of(url);
        let is_below = |domain: &String| {
            domain.strip_prefix('*').is_some_and(|suffix| suffix.starts_with('.') && host.ends_with(suffix))
        };
        match () {
            () if !matches!(url.scheme(), "http" | "https") => Err("only http and https are read"),
            () if !url.username().is_empty() || url.password().is_some() => {
                Err("a name or a password stands in it")
            }
            () if url.as_str().len() > MAX_URL_BYTES => Err("it is longer than addresses are"),
            () if host.is_empty() => Err("it names no host"),
            () if self.domains.contains(&host) || self.domains.iter().any(is_below) => Ok(()),
            () => Err("its host is not on the allow-list"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(domains: &[&str], url: &str, allowed: bool) {
        let domains: Vec<String> = domains.iter().map(|domain| (*domain).to_owned()).collect();
        let url = Url::parse(url).unwrap();
        assert_eq!(Scope::new(&domains).allows(&url).is_ok(), allowed, "{domains:?} {url}");
    }

    #[test]
    fn a_domain_is_that_host_and_no_other() {
        check(&["site.test"], "https://site.test/a", true);
        check(&["Site.test"], "http://SITE.test/a", true);
        check(&["site.test"], "https://www.site.test/a", false);
        check(&["site.test"], "https://site.test.evil/a", false);
        check(&["site.test"], "https://evilsite.test/a", false);
        check(&["site.test"], "https://site.test:8080/a", false);
        check(&["site.test:8080"], "https://site.test:8080/a", true);
        check(&["[::1]:8080"], "http://[::1]:8080/a", true);
    }

    #[test]
    fn a_star_stands_for_every_host_below() {
        check(&["*.site.test"], "https://docs.site.test/a", true);
        check(&["*.site.test"], "https://a.b.site.test/a", true);
        check(&["*.site.test"], "https://site.test/a", false);
        check(&["*.site.test"], "https://evilsite.test/a", false);
        check(&["*"], "https://site.test/a", false);
    }

    #[test]
    fn only_plain_addresses_of_the_web_are_asked_for() {
        check(&["site.test"], "ftp://site.test/a", false);
        check(&["site.test"], "https://me@site.test/a", false);
        check(&["site.test"], "https://me:secret@site.test/a", false);
        check(&["site.test"], &format!("https://site.test/{}", "a".repeat(3_000)), false);
    }
}
