//! The words of a claim that are read off attention, paths and circuits: `A1[..]`, `path`, `matters`.

use super::grammar::Term;
use super::meaning::{Read, Reader};
use super::word::Word;
use crate::lens::{CircuitName, HeadName, PathName, Start};
use crate::model::config::PositionalEmbedding::Standard;
use crate::sweep::entry::Entry;
use crate::task::shown;

impl Reader<'_> {
    pub(super) fn path(&mut self, term: &Term, path: &str, at: &str, token: &str) -> Read<Word> {
        let path = match PathName::parse(path, self.config) {
            Ok(path) => path,
            Err(error) => return self.wrong(term, format!("{error:#}")),
        };
        let (j, token) = (self.prediction(term, at)?, self.token(term, token)?);
        // tables have what comes in as a token and as a position as one, and no neurons
        let by_heads = path.start == Start::Embed && path.heads().count() == path.steps.len();
        self.wanted.apart |= !by_heads || self.config.positional_embedding == Standard;
        let paths = &mut self.wanted.paths;
        let path = (path, j);
        let place = paths.iter().position(|one| *one == path);
        let place = place.unwrap_or_else(|| {
            paths.push(path);
            paths.len() - 1
        });
        Ok(Word::Share(place, j, token))
    }

    pub(super) fn matters(&mut self, term: &Term, circuit: &str, names: [&str; 2]) -> Read<Word> {
        let circuit = match CircuitName::parse(circuit, self.config) {
            Ok(circuit) => circuit,
            Err(error) => return self.wrong(term, format!("{error:#}")),
        };
        if !circuit.has_inputs() {
            let name = circuit.text(self.config);
            let problem =
                format!("inputs are told of direct, ov and qk circuits, and {name} is none");
            return self.wrong(term, problem);
        }
        let mut places = [0; 2];
        for ((place, axis), name) in places.iter_mut().zip(circuit.axes()).zip(names) {
            let names = axis.labels(self.config, self.task);
            let Some(found) = names.iter().position(|one| one == name) else {
                let ends = names.first().zip(names.last());
                let ends = ends.map_or_else(String::new, |(a, b)| format!("{a} .. {b}"));
                return self.wrong(
                    term,
                    format!("no '{}' there; there are {ends}", shown(name)),
                );
            };
            *place = found;
        }
        let [row, col] = places;
        let entry = Entry { circuit, row, col };
        for row in entry.rows(self.config, self.task) {
            self.row(row);
        }
        self.wanted.carried = true;
        let entries = &mut self.wanted.entries;
        let known = entries.iter().position(|one| *one == entry);
        Ok(Word::Matters(known.unwrap_or_else(|| {
            entries.push(entry);
            entries.len() - 1
        })))
    }

    /// Where the cells of a row of attention begin, which is wanted from now on.
    fn row(&mut self, row: (usize, usize)) -> usize {
        if self.wanted.row(row.0, row.1).is_none() {
            self.wanted.rows.push(row);
        }
        self.wanted.row(row.0, row.1).unwrap_or_default()
    }

    pub(super) fn cell(&mut self, term: &Term, dest: &str, src: &str) -> Read<Word> {
        let name = match HeadName::parse(&term.word[1..], self.config) {
            Ok(name) => name,
            Err(error) => return self.wrong(term, format!("{error:#}")),
        };
        let head = HeadName::all(self.config).position(|one| one == name);
        let position = |label: &str| self.task.position(label);
        let (dest, src) = match (position(dest), position(src)) {
            (Ok(dest), Ok(src)) => (dest, src),
            (Err(error), _) | (_, Err(error)) => return self.wrong(term, format!("{error:#}")),
        };
        if dest >= self.task.read_len() && self.config.is_causal() {
            let label = self.task.label(dest);
            return self.wrong(
                term,
                format!("nothing is predicted at {label}; no sweep goes there"),
            );
        }
        if src > dest && self.config.is_causal() {
            let (dest, src) = (self.task.label(dest), self.task.label(src));
            return self.wrong(
                term,
                format!("{dest} cannot attend to {src}, which comes later"),
            );
        }
        if !self.config.is_causal() {
            self.wanted.ahead = self.task.seq_len();
        }
        let first = self.row((head.unwrap_or_default(), dest));
        let width = self.wanted.width(dest);
        Ok(if term.word.starts_with('A') {
            Word::Pattern(first + src, first, width)
        } else {
            Word::Score(first + src, first, width)
        })
    }
}
