//! Who links to whom in one snapshot: worked out from what was written, when it is first asked for. So a link is never
//! stale, whatever was added, renamed or removed since the note that bears it was read.

use ibid_core::links::{Names, is_address};
use tantivy::columnar::StrColumn;

use super::columns::terms_of;
use super::{ChunkAddress, Snapshot};
use crate::error::ReadError;

/// Stands for a chunk that is dead.
const NO_DOCUMENT: u32 = u32::MAX;

/// The links of a collection. Documents are numbers here, in the order of their paths.
#[derive(Debug, Default)]
pub struct LinkGraph {
    nodes: Vec<Node>,
    names: Names,
    /// The document of each chunk, by segment and number.
    of_chunk: Vec<Vec<u32>>,
    most_backlinks: usize,
    /// How many links lead to a document of the collection.
    pub resolved: u64,
    /// How many lead to none, addresses of the web not counted.
    pub dangling: u64,
    /// How many documents neither link to another nor are linked to by one.
    pub orphans: u64,
}

#[derive(Debug, Default)]
struct Node {
    path: String,
    /// Each once, ascending, without the document itself; so for all of them.
    links: Vec<u32>,
    backlinks: Vec<u32>,
    embeds: Vec<u32>,
    embedded_by: Vec<u32>,
}

impl LinkGraph {
    /// The number of the document at a path.
    pub fn number_of(&self, path: &str) -> Option<u32> {
        self.nodes.binary_search_by(|node| node.path.as_str().cmp(path)).ok().map(|at| at as u32)
    }

    /// The path of a document.
    pub fn path(&self, number: u32) -> &str {
        self.nodes.get(number as usize).map_or("", |node| node.path.as_str())
    }

    /// The documents a document links to, embeds among them.
    pub fn links(&self, number: u32) -> &[u32] {
        self.nodes.get(number as usize).map_or(&[], |node| &node.links)
    }

    /// The documents that link to a document.
    pub fn backlinks(&self, number: u32) -> &[u32] {
        self.nodes.get(number as usize).map_or(&[], |node| &node.backlinks)
    }

    /// The documents a document embeds.
    pub fn embeds(&self, number: u32) -> &[u32] {
        self.nodes.get(number as usize).map_or(&[], |node| &node.embeds)
    }

    /// The documents that embed a document.
    pub fn embedded_by(&self, number: u32) -> &[u32] {
        self.nodes.get(number as usize).map_or(&[], |node| &node.embedded_by)
    }

    /// The document a chunk belongs to.
    pub fn document_of(&self, chunk: ChunkAddress) -> Option<u32> {
        let segment = self.of_chunk.get(chunk.0.segment_ord as usize)?;
        segment.get(chunk.0.doc_id as usize).copied().filter(|&number| number != NO_DOCUMENT)
    }

    /// The document a link leads to from the document at `source`.
    pub fn resolve(&self, source: &str, target: &str) -> Option<u32> {
        self.names.resolve(source, target)
    }

    /// How many documents there are.
    pub(super) fn documents(&self) -> usize {
        self.nodes.len()
    }

    /// How many documents link to the one that most link to.
    pub fn most_backlinks(&self) -> usize {
        self.most_backlinks
    }

    fn connect(&mut self, from: u32, to: u32, embed: bool) {
        if from == to {
            return;
        }
        self.nodes[from as usize].links.push(to);
        self.nodes[to as usize].backlinks.push(from);
        if embed {
            self.nodes[from as usize].embeds.push(to);
            self.nodes[to as usize].embedded_by.push(from);
        }
    }

    /// Brings the lists in order and counts.
    fn settle(&mut self) {
        for node in &mut self.nodes {
            for list in [&mut node.links, &mut node.backlinks, &mut node.embeds, &mut node.embedded_by] {
                list.sort_unstable();
                list.dedup();
            }
            self.most_backlinks = self.most_backlinks.max(node.backlinks.len());
            self.orphans += u64::from(node.links.is_empty() && node.backlinks.is_empty());
        }
    }
}

impl Snapshot {
    /// The links of this generation. The first call costs a look at every document's path and every link, some
    /// milliseconds for 10,000 notes.
    pub fn links(&self) -> Result<&LinkGraph, ReadError> {
        if let Some(graph) = self.links.get() {
            return Ok(graph);
        }
        let graph = self.read_links().map_err(|error| self.read_error(error))?;
        Ok(self.links.get_or_init(|| graph))
    }

    fn read_links(&self) -> tantivy::Result<LinkGraph> {
        let mut graph = LinkGraph::default();
        let paths = self.number_documents(&mut graph)?;
        for path in paths {
            graph.names.add(&path);
            graph.nodes.push(Node { path, ..Node::default() });
        }
        self.add_aliases(&mut graph)?;
        for (segment, columns) in self.columns.iter().enumerate() {
            for (column, embed) in [(&columns.link, false), (&columns.embed, true)] {
                if let Some(column) = column {
                    self.add_links(&mut graph, segment, column, embed)?;
                }
            }
        }
        graph.settle();
        Ok(graph)
    }

    /// Gives the paths of the living documents in order, and tells the graph which chunk is of which.
    fn number_documents(&self, graph: &mut LinkGraph) -> tantivy::Result<Vec<String>> {
        // By segment, the paths of the living by their place in the dictionary; empty for others.
        let mut living: Vec<Vec<String>> = Vec::new();
        for (segment, columns) in self.columns.iter().enumerate() {
            let Some(column) = &columns.path else {
                living.push(Vec::new());
                continue;
            };
            let mut terms = terms_of(column)?;
            let mut is_living = vec![false; terms.len()];
            for ord in self.docs_alive(segment).filter_map(|doc| column.ords().first(doc)) {
                is_living[ord as usize] = true;
            }
            terms.iter_mut().zip(is_living).filter(|(_, living)| !living).for_each(|(path, _)| path.clear());
            living.push(terms);
        }
        let mut paths: Vec<String> =
            living.iter().flatten().filter(|path| !path.is_empty()).cloned().collect();
        paths.sort_unstable();
        paths.dedup();
        for (segment, (reader, columns)) in
            self.searcher.segment_readers().iter().zip(self.columns.iter()).enumerate()
        {
            let number = |path: &String| paths.binary_search(path).map_or(NO_DOCUMENT, |at| at as u32);
            let numbers: Vec<u32> = living[segment].iter().map(number).collect();
            let mut of_chunk = vec![NO_DOCUMENT; reader.max_doc() as usize];
            for doc in self.docs_alive(segment) {
                let ord = columns.path.as_ref().and_then(|column| column.ords().first(doc));
                of_chunk[doc as usize] = ord.map_or(NO_DOCUMENT, |ord| numbers[ord as usize]);
            }
            graph.of_chunk.push(of_chunk);
        }
        Ok(paths)
    }

    fn add_aliases(&self, graph: &mut LinkGraph) -> tantivy::Result<()> {
        let mut aliases: Vec<(u32, String)> = Vec::new();
        for (segment, columns) in self.columns.iter().enumerate() {
            let Some(column) = &columns.alias else { continue };
            let terms = terms_of(column)?;
            for (doc, &number) in graph.of_chunk[segment].iter().enumerate() {
                for ord in column.ords().values_for_doc(doc as u32).filter(|_| number != NO_DOCUMENT) {
                    aliases.push((number, terms[ord as usize].clone()));
                }
            }
        }
        // Where several go by one alias, the first by path is meant, however the index lies on disk.
        aliases.sort();
        aliases.into_iter().for_each(|(number, alias)| graph.names.add_alias(number, &alias));
        Ok(())
    }

    /// Adds the links of one column. Embeds stand in both columns and are counted in the first.
    fn add_links(
        &self,
        graph: &mut LinkGraph,
        segment: usize,
        column: &StrColumn,
        embed: bool,
    ) -> tantivy::Result<()> {
        let targets: Vec<Target> = terms_of(column)?
            .into_iter()
            .map(|target| match () {
                () if is_address(&target) => Target::Address,
                () if graph.names.depends_on_source(&target) => Target::BySource(target),
                () => Target::Everywhere(graph.names.resolve("", &target)),
            })
            .collect();
        for doc in 0..graph.of_chunk[segment].len() {
            let from = graph.of_chunk[segment][doc];
            if from == NO_DOCUMENT {
                continue;
            }
            for ord in column.ords().values_for_doc(doc as u32) {
                let to = match &targets[ord as usize] {
                    Target::Address => continue,
                    Target::Everywhere(to) => *to,
                    Target::BySource(target) => graph.names.resolve(graph.path(from), target),
                };
                if let Some(to) = to {
                    graph.connect(from, to, embed);
                }
                graph.resolved += u64::from(!embed && to.is_some());
                graph.dangling += u64::from(!embed && to.is_none());
            }
        }
        Ok(())
    }
}

/// Where a link's target leads, as far as the target alone tells.
enum Target {
    /// Out of the collection.
    Address,
    /// To the same document from everywhere, or to none.
    Everywhere(Option<u32>),
    /// That depends on where the link stands.
    BySource(String),
}
