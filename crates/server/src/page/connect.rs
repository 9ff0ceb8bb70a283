//! What to paste where so that a client finds this server, and the way in, walked by the doctor step by step.

use maud::{Markup, html};

use super::frame::{Frame, Menu, Place};
use super::moment;
use crate::doctor::{Finding, Step, Walker};
use crate::guide::{Guide, GuideStep};
use crate::walk::Walked;

/// What the page shows.
pub(crate) struct Connect {
    /// The MCP address as clients see it.
    pub(crate) address: String,
    /// Whether only this machine can reach it.
    pub(crate) is_local: bool,
    pub(crate) guides: Vec<Guide>,
    /// The last walk.
    pub(crate) walked: Option<Walked>,
    /// What the form must carry.
    pub(crate) proof: String,
    /// What was wrong with what was sent last.
    pub(crate) said: Option<&'static str>,
}

/// The page.
pub(crate) fn page(menu: &Menu, connect: &Connect, now: u64) -> Markup {
    let main = html! {
        h1 { "Connect" }
        p { "Give this address to any client of MCP that speaks Streamable HTTP:" }
        (copied("address", &connect.address))
        @if connect.is_local {
            p.soft.small {
                "Only programs on this computer reach it. ChatGPT, and Claude on the web, need an address that the Internet "
                "reaches: " code { "ibid serve --public-url https://HOST" } " behind a proxy or a tunnel."
            }
        }
        section aria-labelledby="clients" {
            h2 #clients { "Clients" }
            @for (at, guide) in connect.guides.iter().enumerate() { (client(at, guide)) }
        }
        section aria-labelledby="check" {
            h2 #check { "Check the way in" }
            p { "Walks the whole way as a client would, and names the first step that fails, why, and what to do." }
            @if let Some(said) = connect.said { p.notice role="alert" { (said) } }
            (form(connect))
            div #walk data-walk { (walk(connect.walked.as_ref(), now)) }
        }
    };
    Frame { here: Some(Place::Connect), ..Frame::new("Connect", menu) }.around(&main)
}

/// Words to copy, by a button or by hand.
fn copied(id: &str, words: &str) -> Markup {
    html! {
        div.copied {
            pre #(id) tabindex="0" { code.id { (words) } }
            button type="button" data-scripted data-copy=(words) aria-describedby=(id) { "Copy" }
        }
    }
}

fn client(at: usize, guide: &Guide) -> Markup {
    html! {
        details.client {
            summary { h3 { (guide.title) } }
            ol {
                @for (number, GuideStep { say, paste }) in guide.steps.iter().enumerate() {
                    li {
                        (say)
                        @if let Some(paste) = paste { (copied(&format!("paste-{at}-{number}"), paste)) }
                    }
                }
            }
        }
    }
}

fn form(connect: &Connect) -> Markup {
    let is_under_way = connect.walked.as_ref().is_some_and(|walked| walked.is_under_way);
    html! {
        form.walk method="post" action="/connect/walk" {
            input type="hidden" name="proof" value=(connect.proof);
            fieldset {
                legend { "As" }
                @for (at, (name, title)) in WALKERS.into_iter().enumerate() {
                    label { input type="radio" name="as" value=(name) checked[at == 0]; " " (title) }
                }
            }
            @if is_under_way {
                button type="submit" name="do" value="stop" { "Stop" }
            } @else {
                button.first type="submit" name="do" value="walk" { "Walk" }
            }
        }
    }
}

/// Whose way can be walked: as the form names them, and as their makers do.
const WALKERS: [(&str, &str); 2] = [("claude", "Claude"), ("chatgpt", "ChatGPT")];

/// Whom a form names.
pub(crate) fn walker(name: &str) -> Option<Walker> {
    match name {
        "claude" => Some(Walker::Claude),
        "chatgpt" => Some(Walker::ChatGpt),
        _ => None,
    }
}

/// How far the walk is. `data-state` says whether there is more to come.
pub(crate) fn walk(walked: Option<&Walked>, now: u64) -> Markup {
    let Some(walked) = walked else { return html! { p.soft data-state="none" { "It was not walked yet." } } };
    let is_ill = walked.steps.iter().any(|(_, finding)| matches!(finding, Finding::Ill(_)));
    let (state, said) = match (walked.is_under_way, is_ill, walked.is_called_off) {
        (true, ..) if walked.sign_in.is_some() => ("waits", "It waits until you signed in."),
        (true, ..) => ("walks", "It is being walked."),
        (false, _, true) => ("over", "It was called off."),
        (false, true, _) => ("over", "The way in ends here."),
        (false, false, _) => ("over", "The way in is free."),
    };
    let title = match walked.walker {
        Walker::Claude => "Claude",
        Walker::ChatGpt => "ChatGPT",
    };
    html! {
        p data-state=(state) {
            b { (said) } span.soft { " As " (title) ", " (moment(walked.begun_at, now)) "." }
        }
        ol.steps {
            @for (step, finding) in &walked.steps { (found(*step, finding)) }
        }
        @if let Some(page) = &walked.sign_in {
            p { a.button href=(page) target="_blank" rel="noopener" { "Sign in and agree (opens another tab)" } }
            p.soft.small { "What you agree to is taken back at the end. Then come back to this page, and load it again if it does not go on by itself." }
        }
    }
}

fn found(step: Step, finding: &Finding) -> Markup {
    let (class, mark) = match finding {
        Finding::Well(_) => ("well", "ok"),
        Finding::Skipped(_) => ("soft", "not walked"),
        Finding::Ill(_) => ("ill", "fails"),
    };
    html! {
        li {
            b { (step) } " " span class=(class) { (mark) }
            @match finding {
                Finding::Well(seen) => span.soft.small { " " bdi { (seen) } },
                Finding::Skipped(why) => span.soft.small { " " (why) },
                Finding::Ill(problem) => {
                    " " bdi { (problem.why) }
                    p.small { "Advice: " (problem.advice) "." }
                },
            }
        }
    }
}
