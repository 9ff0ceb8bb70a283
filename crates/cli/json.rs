//! What commands print with `--json`: one object each, for programs. Names in it are a promise; people's words are in
//! [`crate::print`].

pub(crate) mod bench;
pub(crate) mod models;

use ibid_core::amount::rfc3339;
use ibid_core::citation::Citation;
use ibid_core::fusion::Fusion;
use ibid_core::hit::{Answer, Hit, LegScore};
use ibid_core::id::CollectionName;
use ibid_core::note::sentences;
use ibid_core::query::Query;
use ibid_index::check::Finding;
use ibid_index::manifest::{ModelRecord, Origin};
use ibid_indexer::verify::Verdict;
use ibid_indexer::{Report, StageSeconds};
use ibid_server::answer_url;
use serde_json::{Map, Value, json};

use crate::command::check::{Results, is_whole};
use crate::command::index::Indexed;
use crate::command::status::{Contents, Status};

/// What an answer is made of besides the hits.
pub(crate) struct Asked<'a> {
    /// The question, and the same in other words; never empty.
    pub(crate) queries: &'a [Query],
    pub(crate) explain: bool,
    /// Notes besides the answer's own.
    pub(crate) also: &'a [String],
    /// The base address of a running server; empty where there is none.
    pub(crate) base: &'a str,
}

/// An answer. `collection`, `generation` and `indexed_at` are for one collection what they say; of several they are all
/// names, the largest number and the oldest moment.
pub(crate) fn answer(answer: &Answer, asked: &Asked<'_>) -> Value {
    let names: Vec<&str> = answer.searched.iter().map(|searched| searched.collection.as_str()).collect();
    let collections = answer.searched.iter().map(|searched| {
        json!({
            "name": searched.collection.as_str(),
            "generation": searched.generation,
            "indexed_at": rfc3339(searched.indexed_at),
            "documents": searched.documents,
            "chunks": searched.chunks,
        })
    });
    let notes = sentences(&answer.notes).into_iter().chain(asked.also.iter().cloned());
    let mut object = json!({
        "query": asked.queries.first().map(|query| query.words.as_str()),
        "mode": answer.mode.name(),
        "match": answer.matches.name(),
        "collection": names.join(","),
        "collections": collections.collect::<Vec<_>>(),
        "generation": answer.searched.iter().map(|searched| searched.generation).max(),
        "indexed_at": answer.searched.iter().map(|searched| searched.indexed_at).min().map(rfc3339),
        "hits": answer.hits.iter().map(|one| hit(one, asked)).collect::<Vec<_>>(),
        "notes": notes.collect::<Vec<_>>(),
        "offers": answer.offers().map(|offer| json!({"said": offer.said(), "adds": offer.adds()})).collect::<Vec<_>>(),
    });
    if asked.queries.len() > 1 {
        object["queries"] = asked.queries.iter().map(|query| query.words.as_str()).collect();
    }
    object
}

fn hit(hit: &Hit, asked: &Asked<'_>) -> Value {
    let Citation { document, span, .. } = &hit.citation;
    let mut object = json!({
        "rank": hit.rank,
        "match": hit.matches.name(),
        "id": hit.citation.to_string(),
        "document": document.to_string(),
        "path": document.path.as_str(),
        "title": hit.title,
        "headings": hit.headings,
        "commit": hit.commit,
        "address": hit.address,
        "embedded_in": hit.embedded_in.iter().map(|by| by.document.to_string()).collect::<Vec<_>>(),
        "also_in": hit.also_in.iter().map(|other| other.document.to_string()).collect::<Vec<_>>(),
        "start": span.start(),
        "end": span.end(),
        "answer_start": hit.answer.start(),
        "answer_end": hit.answer.end(),
        "line": hit.line,
        "snippet": hit.snippet.text,
        "cut_before": hit.snippet.cut_before,
        "cut_after": hit.snippet.cut_after,
        "table_head": hit.snippet.table_head.as_ref().map(|head| head.text.as_str()),
        "marks": hit.snippet.marks.iter().map(|mark| [mark.start, mark.end]).collect::<Vec<_>>(),
        "url": answer_url(asked.base, &hit.citation, hit.answer),
        "score": score(hit.score),
    });
    if asked.queries.len() > 1 {
        object["found_by"] = json!(hit.found_by);
    }
    if asked.explain {
        let asked = asked.queries.first().map(|query| query.fusion);
        let fusion = Fusion::NAMES.into_iter().find(|(_, fusion)| Some(*fusion) == asked);
        object["explain"] = json!({
            "lexical": hit.lexical.map(leg),
            "semantic": hit.semantic.map(leg),
            "links": score(hit.links),
            "name": score(hit.name),
            "rerank": hit.rerank.map(score),
            "fusion": fusion.map(|(name, _)| name),
            "terms": hit.terms.iter().map(|term| json!({"word": term.typed, "score": score(term.score)})).collect::<Vec<_>>(),
        });
    }
    object
}

fn leg(leg: LegScore) -> Value {
    json!({ "score": score(leg.score), "rank": leg.rank, "points": score(leg.points) })
}

/// A score with the digits it has, not with those that a longer number would show of it.
fn score(score: f32) -> Value {
    score.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

/// What became of one id.
pub(crate) fn verdict(id: &str, verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Unchanged => json!({ "id": id, "verdict": "unchanged" }),
        Verdict::Moved { to } => json!({ "id": id, "verdict": "moved", "to": to.to_string() }),
        Verdict::Changed => json!({ "id": id, "verdict": "changed" }),
        Verdict::Gone => json!({ "id": id, "verdict": "gone" }),
    }
}

/// A run of the indexer that was cut off before it had anything to commit.
pub(crate) fn cut_off(name: &CollectionName, embedded: u64) -> Value {
    json!({ "collection": name.as_str(), "stopped": true, "embedded": embedded })
}

/// What a run of the indexer did, and whether it was stopped before it was done.
pub(crate) fn report(indexed: &Indexed, is_stopped: bool) -> Value {
    let Indexed { name, source, report, folder, bytes_on_disk, chosen, beyond } = indexed;
    let chosen = chosen
        .as_ref()
        .map(|chosen| json!({ "name": chosen.name, "share_of_english": chosen.survey.share_of_english() }));
    let Report { seconds, skipped, other_files, .. } = report;
    let others: Map<String, Value> =
        other_files.iter().map(|(extension, count)| (extension.clone(), json!(count))).collect();
    let skipped = skipped.iter().map(|one| json!({ "path": one.path, "reason": one.reason.to_string() }));
    json!({
        "collection": name.as_str(),
        "source": source,
        "generation": report.generation,
        "added": report.added,
        "changed": report.changed,
        "renamed": report.renamed,
        "removed": report.removed,
        "unchanged": report.unchanged,
        "documents": report.documents,
        "chunks": report.chunks,
        "embedded": report.embedded,
        "reused": report.reused,
        "model_chosen": chosen,
        "leaves_machine": beyond.is_some(),
        "vectors_missing": report.without_vector,
        "stopped": is_stopped,
        "bytes_read": report.bytes_read,
        "skipped": skipped.collect::<Vec<_>>(),
        "other_files": others,
        "seconds": stages(seconds),
        "megabytes_per_second": megabytes_per_second(report),
        "index": folder.to_string_lossy(),
        "bytes_on_disk": bytes_on_disk,
    })
}

/// How long a run took, stage by stage.
fn stages(seconds: &StageSeconds) -> Value {
    json!({
        "walk": seconds.walk,
        "read": seconds.read,
        "embed": seconds.embed,
        "write": seconds.write,
        "tidy": seconds.tidy,
        "total": seconds.total,
    })
}

/// How fast a run read its source, by the wall.
fn megabytes_per_second(report: &Report) -> f64 {
    report.bytes_read as f64 / 1e6 / report.seconds.total.max(f64::MIN_POSITIVE)
}

/// Every collection, or why it cannot be opened.
pub(crate) fn status(status: &Status) -> Value {
    let collections = status.collections.iter().map(|(name, contents)| match contents {
        Ok(contents) => collection(name, contents),
        Err(failure) => json!({ "name": name.as_str(), "error": failure.message() }),
    });
    json!({
        "data_dir": status.data_dir.to_string_lossy(),
        "server": status.server,
        "collections": collections.collect::<Vec<_>>(),
    })
}

/// What a check found in every collection.
pub(crate) fn checked(results: &Results) -> Value {
    let collections = results.iter().map(|(name, result)| match result {
        Ok(checked) => json!({
            "name": name.as_str(),
            "whole": is_whole(checked),
            "generation": checked.generation,
            "files": checked.files,
            "bytes": checked.bytes,
            "documents": checked.documents,
            "chunks": checked.chunks,
            "chunks_with_vector": checked.chunks_with_vector,
            "left_overs": checked.left_overs,
            "findings": checked.findings.iter().map(finding).collect::<Vec<_>>(),
            "error": null,
        }),
        Err(failure) => json!({ "name": name.as_str(), "whole": false, "error": failure.message() }),
    });
    json!({ "collections": collections.collect::<Vec<_>>() })
}

fn finding(finding: &Finding) -> Value {
    let says = finding.to_string();
    match finding {
        Finding::File { file, .. } => json!({ "kind": "file", "file": file, "says": says }),
        Finding::Stranger { file } => json!({ "kind": "stranger", "file": file, "says": says }),
        Finding::Document { path, .. } => json!({ "kind": "document", "path": path, "says": says }),
        Finding::Orphans { .. } => json!({ "kind": "orphans", "says": says }),
    }
}

fn collection(name: &CollectionName, contents: &Contents) -> Value {
    let manifest = contents.snapshot.manifest();
    let skipped = manifest.skipped.iter().map(|one| json!({ "path": one.path, "reason": one.reason }));
    json!({
        "name": name.as_str(),
        "source": manifest.source.root.to_string_lossy(),
        "origin": origin(&manifest.source.origin),
        "commit": manifest.source.origin.commit(),
        "include": manifest.source.include,
        "exclude": manifest.source.exclude,
        "documents": contents.snapshot.documents(),
        "chunks": contents.snapshot.chunks(),
        "source_bytes": contents.snapshot.source_bytes(),
        "links": contents.links,
        "dangling_links": contents.dangling_links,
        "bytes_on_disk": contents.bytes_on_disk,
        "generation": manifest.generation,
        "indexed_at": rfc3339(manifest.indexed_at),
        "model": manifest.model.as_ref().map(model),
        "withheld": manifest.withheld,
        "vectors_missing": contents.snapshot.chunks_without_vector(),
        "vectors_damaged": contents.snapshot.damage().map(|damage| damage.file_name()),
        "pending": manifest.pending,
        "skipped_count": manifest.skipped_count,
        "skipped": skipped.collect::<Vec<_>>(),
        "error": null,
    })
}

fn origin(origin: &Origin) -> Value {
    match origin {
        Origin::Folder => json!({ "kind": "folder" }),
        Origin::WorkingTree { commit, clean } => {
            json!({ "kind": "working-tree", "commit": commit, "clean": clean })
        }
        Origin::Commit { revision, commit } => {
            json!({ "kind": "commit", "revision": revision, "commit": commit })
        }
        Origin::Web(web) => json!({
            "kind": "web",
            "urls": web.urls,
            "domains": web.domains,
            "max_pages": web.max_pages,
            "depth": web.depth,
            "delay_ms": web.delay_ms,
            "allow_private": web.allow_private,
        }),
    }
}

fn model(model: &ModelRecord) -> Value {
    json!({
        "name": model.name,
        "engine": model.engine,
        "dimensions": model.dimensions,
        "checksum": model.checksum,
        "folder": model.folder.as_ref().map(|folder| folder.to_string_lossy()),
        "leaves_machine": model.remote.as_ref().is_some_and(|remote| remote.leaves_machine),
    })
}
