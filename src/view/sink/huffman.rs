//! Huffman codes as deflate wants them (RFC 1951, 3.2.2): lengths from frequencies, limited; codes from lengths. Knows no
//! tokens and no bits on the way.

/// The lengths of an optimal prefix code, none longer than `limit`; 0 for symbols that do not occur. A lone symbol gets
/// one bit, for a code must have one.
pub(super) fn lengths(frequencies: &[u32], limit: usize, lengths: &mut [u8]) {
    lengths.fill(0);
    let mut leaves =
        (0_u16..).zip(frequencies).filter(|(_, n)| **n > 0).map(|(symbol, n)| (*n, symbol)).collect::<Vec<_>>();
    if let [(_, symbol)] = leaves[..] {
        lengths[usize::from(symbol)] = 1;
    }
    if leaves.len() < 2 {
        return;
    }
    leaves.sort_unstable();
    let mut of_length = depths(&leaves);
    limit_depths(&mut of_length, limit);
    // The rarest symbols get the longest codes.
    let mut symbols = leaves.iter().map(|(_, symbol)| usize::from(*symbol));
    for length in (1..=limit).rev() {
        for symbol in symbols.by_ref().take(of_length[length]) {
            lengths[symbol] = u8::try_from(length).expect("the limit is 15 at most");
        }
    }
}

/// How many leaves lie at each depth of the Huffman tree of these weights, which are in increasing order.
fn depths(leaves: &[(u32, u16)]) -> Vec<usize> {
    // Two queues, both in order: the leaves, and the nodes as they are made. `parents` holds those of leaves first.
    let mut nodes: Vec<u32> = Vec::with_capacity(leaves.len());
    let mut parents = vec![0_usize; 2 * leaves.len() - 1];
    let (mut leaf, mut node) = (0, 0);
    while nodes.len() < leaves.len() - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            let leaf_first = match (leaves.get(leaf), nodes.get(node)) {
                (Some((a, _)), Some(b)) => a <= b,
                (leaf, _) => leaf.is_some(),
            };
            let place = if leaf_first { leaf } else { leaves.len() + node };
            weight += if leaf_first { leaves[leaf].0 } else { nodes[node] };
            if leaf_first {
                leaf += 1;
            } else {
                node += 1;
            }
            parents[place] = leaves.len() + nodes.len();
        }
        nodes.push(weight);
    }
    // From the root, which is the last, down: parents come after their children.
    let mut depth = vec![0_usize; parents.len()];
    let mut of_length = vec![0; leaves.len().max(64)];
    for place in (0..parents.len() - 1).rev() {
        depth[place] = depth[parents[place]] + 1;
        if place < leaves.len() {
            of_length[depth[place]] += 1;
        }
    }
    of_length
}

/// Moves leaves up to depth `limit`, and then others down until the code fits again (Kraft's sum is at most one).
fn limit_depths(of_length: &mut [usize], limit: usize) {
    let deeper = of_length[limit + 1..].iter().sum::<usize>();
    of_length[limit] += deeper;
    of_length[limit + 1..].fill(0);
    let mut sum: usize = (1..=limit).map(|length| of_length[length] << (limit - length)).sum();
    while sum > 1 << limit {
        // A leaf of the lowest level becomes the sibling of one that moves down: the sum falls by one.
        let above = (1..limit).rev().find(|length| of_length[*length] > 0).expect("all leaves cannot lie at the limit");
        of_length[limit] -= 1;
        of_length[above] -= 1;
        of_length[above + 1] += 2;
        sum -= 1;
    }
}

/// The codes of these lengths (RFC 1951, 3.2.2), their bits reversed: deflate writes the highest first.
pub(super) fn codes(lengths: &[u8], codes: &mut [u16]) {
    let mut next = [0_u16; 17];
    for length in lengths.iter().filter(|length| **length > 0) {
        next[usize::from(*length) + 1] += 1;
    }
    for length in 1..16 {
        next[length] = (next[length] + next[length - 1]) << 1;
    }
    for (code, length) in codes.iter_mut().zip(lengths) {
        let length = usize::from(*length);
        if length > 0 {
            *code = next[length].reverse_bits() >> (16 - length);
            next[length] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // The example of RFC 1951, 3.2.2.
        let mut found = [0; 8];
        codes(&[3, 3, 3, 3, 3, 2, 4, 4], &mut found);
        let expected =
            [(0b010, 3), (0b011, 3), (0b100, 3), (0b101, 3), (0b110, 3), (0b00, 2), (0b1110, 4), (0b1111, 4)];
        assert_eq!(found, expected.map(|(code, length): (u16, u32)| code.reverse_bits() >> (16 - length)));
    }

    #[test]
    fn lengths_are_optimal_and_limited() {
        let mut found = [0; 6];
        lengths(&[45, 13, 12, 16, 9, 5], 15, &mut found);
        assert_eq!(found, [1, 3, 3, 3, 4, 4]);
        lengths(&[0, 0, 7, 0, 0, 0], 15, &mut found);
        assert_eq!(found, [0, 0, 1, 0, 0, 0]);
        // Fibonacci's numbers make the deepest tree.
        let mut fibonacci = vec![1_u32, 1];
        while fibonacci.len() < 30 {
            fibonacci.push(fibonacci[fibonacci.len() - 1] + fibonacci[fibonacci.len() - 2]);
        }
        for limit in [7, 15] {
            let mut found = [0; 30];
            lengths(&fibonacci, limit, &mut found);
            let kraft: u32 = found.iter().map(|length| 1 << (limit - usize::from(*length))).sum();
            assert_eq!((kraft, usize::from(*found.iter().max().expect("some"))), (1 << limit, limit), "{found:?}");
            assert!(found.is_sorted_by(|a, b| a >= b), "{found:?}");
        }
    }
}
