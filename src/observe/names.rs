//! Words that thousands of ports say alike, kept once: "Gi1/0/7" is the seventh port of every switch of a fleet. Knows no
//! ports.

use super::ports::About;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Words kept to be shared; further ones are kept by each port for itself. Names of a fleet are some hundreds, its aliases
/// may all be different.
const MAX_SHARED: usize = 65_536;

/// What is shared.
#[derive(Debug, Default)]
pub struct Names {
    names: Pool<str>,
    abouts: Pool<About>,
}

impl Names {
    /// The name, shared with whoever has the same.
    pub fn name(&mut self, name: &Arc<str>) -> Arc<str> {
        self.names.share(Arc::clone(name))
    }

    /// Descriptions, shared with whoever has the same.
    pub fn about(&mut self, descr: &Arc<str>, alias: &Arc<str>) -> Arc<About> {
        let (descr, alias) = (self.name(descr), self.name(alias));
        self.abouts.share(Arc::new(About { descr, alias }))
    }
}

#[derive(Debug)]
struct Pool<T: ?Sized> {
    known: BTreeSet<Arc<T>>,
    /// How many found no room since those that nobody uses were last thrown out.
    refused: usize,
}

impl<T: ?Sized + Ord> Default for Pool<T> {
    fn default() -> Self {
        Self { known: BTreeSet::new(), refused: 0 }
    }
}

impl<T: ?Sized + Ord> Pool<T> {
    fn share(&mut self, word: Arc<T>) -> Arc<T> {
        if let Some(known) = self.known.get(&word) {
            return Arc::clone(known);
        }
        if self.known.len() >= MAX_SHARED {
            self.refused += 1;
            if self.refused < MAX_SHARED {
                return word;
            }
            // Once in so many words, the whole pool is looked through: the cost for each is small.
            self.refused = 0;
            self.known.retain(|known| Arc::strong_count(known) > 1);
            if self.known.len() >= MAX_SHARED {
                return word;
            }
        }
        self.known.insert(Arc::clone(&word));
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_word_is_kept_once_and_the_pool_is_bounded() {
        let mut names = Names::default();
        let (one, other) = (names.name(&"ge1".into()), names.name(&"ge1".into()));
        assert!(Arc::ptr_eq(&one, &other));
        let about = |names: &mut Names| names.about(&"ge1".into(), &"".into());
        assert!(Arc::ptr_eq(&about(&mut names), &about(&mut names)));
        for n in 0..2 * MAX_SHARED {
            names.name(&n.to_string().into());
            assert!(names.names.known.len() <= MAX_SHARED);
        }
        // What nobody uses has made room, what is used is still shared.
        assert!(names.names.known.len() < MAX_SHARED);
        assert!(Arc::ptr_eq(&one, &names.name(&"ge1".into())));
    }
}
