//! What every page has around what it shows: head, skip link, navigation, the box for a question. What stands in the
//! middle is each page's own.

use maud::{DOCTYPE, Markup, html};

use super::asset::{ICON, SCRIPT, STYLE};

/// The id of the box for a question, which `/` leads to.
pub(crate) const QUESTION: &str = "question";

/// A page that the navigation can lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The box for a question and what was found.
    Search,
    /// What the index holds, and how it fares.
    Overview,
    /// Who asked for what, and who has access.
    Activity,
    /// How clients are connected.
    Connect,
}

impl Place {
    /// Its path.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Place::Search => "/",
            Place::Overview => "/overview",
            Place::Activity => "/activity",
            Place::Connect => "/connect",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Place::Search => "Search",
            Place::Overview => "Overview",
            Place::Activity => "Activity",
            Place::Connect => "Connect",
        }
    }
}

/// Where a visitor may go, in the order in which the navigation shows it. Whoever may go nowhere gets no navigation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Menu(pub(crate) Vec<Place>);

/// The frame of one page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// What the browser shows above it.
    pub(crate) title: &'a str,
    /// Which place it is, if the navigation names it.
    pub(crate) here: Option<Place>,
    /// Where its visitor may go.
    pub(crate) menu: &'a Menu,
    /// Whether it is a page to read at length, so that its lines are kept short.
    pub(crate) is_narrow: bool,
}

impl<'a> Frame<'a> {
    /// A frame to read in.
    pub(crate) fn new(title: &'a str, menu: &'a Menu) -> Frame<'a> {
        Frame { title, here: None, menu, is_narrow: true }
    }

    /// A frame without navigation, for whoever is not in yet.
    pub(crate) fn bare(title: &'a str) -> Frame<'a> {
        const NOWHERE: &Menu = &Menu(Vec::new());
        Frame::new(title, NOWHERE)
    }

    /// The whole page; `main` is what its main landmark holds.
    pub(crate) fn around(&self, main: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (one_direction(self.title)) }
                    link rel="stylesheet" href=(STYLE.address());
                    // The way in loads nothing but how it looks.
                    @if !self.menu.0.is_empty() {
                        link rel="icon" href=(ICON.address()) type=(ICON.media_type);
                        script src=(SCRIPT.address()) defer {}
                    }
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    (self.header())
                    main #main .narrow[self.is_narrow] tabindex="-1" { (main) }
                    // What the script says of what it did.
                    p #status .unseen role="status" {}
                }
            }
        }
    }

    fn header(&self) -> Markup {
        let Menu(places) = self.menu;
        let may_search = places.contains(&Place::Search);
        html! {
            header.top {
                @if may_search { a.brand href="/" { "ibid" } } @else { span.brand { "ibid" } }
                @if !places.is_empty() {
                    nav aria-label="Pages" {
                        @for place in places {
                            a href=(place.path()) aria-current=[(self.here == Some(*place)).then_some("page")] {
                                (place.label())
                            }
                        }
                    }
                }
                // The search page has a larger one of its own.
                @if may_search && self.here != Some(Place::Search) {
                    form.ask role="search" action="/search" {
                        input id=(QUESTION) type="search" name="q" aria-label="Search your notes" placeholder="Search" autocomplete="off";
                    }
                }
            }
        }
    }
}

/// A title for a place where nothing can be isolated: marks that turn the direction of what follows are left out.
fn one_direction(title: &str) -> String {
    title
        .chars()
        .filter(|c| !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(menu: &Menu, here: Option<Place>) -> String {
        Frame { here, ..Frame::new("A \"<b>\" \u{202e}title", menu) }
            .around(&html! { p { "x" } })
            .into_string()
    }

    #[test]
    fn a_title_is_text_that_runs_one_way() {
        let page = page(&Menu::default(), None);
        assert!(page.contains("<title>A &quot;&lt;b&gt;&quot; title</title>"), "{page}");
    }

    #[test]
    fn nothing_stands_within_the_page_that_the_policy_forbids() {
        let page = page(&Menu(vec![Place::Search]), Some(Place::Search));
        assert!(!page.contains("style=") && !page.contains("onclick") && !page.contains("http"), "{page}");
        assert_eq!(page.matches("<script").count(), page.matches("<script src=\"/script.js?v=").count());
        for landmark in ["<header", "<nav", "<main", "class=\"skip\"", "lang=\"en\""] {
            assert_eq!(page.matches(landmark).count(), 1, "{landmark}");
        }
    }

    #[test]
    fn the_navigation_leads_where_the_visitor_may_go() {
        let menu = Menu(vec![Place::Search]);
        assert!(page(&menu, Some(Place::Search)).contains("<a href=\"/\" aria-current=\"page\">Search</a>"));
        assert!(page(&menu, None).contains("role=\"search\""));
        let nowhere = page(&Menu::default(), None);
        assert!(!nowhere.contains("<nav") && !nowhere.contains("<form"));
    }
}
