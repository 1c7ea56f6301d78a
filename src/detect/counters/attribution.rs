//! Which port a source comes in at, where no forwarding table tells: non-negative least squares of each port's rates on
//! those of the sources. Knows neither who the sources are nor what a port leads to.
//!
//! The problem is small (a few sources, some tens of intervals) and convex, so that going round the coordinates, each
//! solved exactly within 0 to 1, ends at the solution (Franc, Hlaváč and Navara 2005 for the non-negative case).

/// Sources looked at together.
pub const MAX_SOURCES: usize = 8;
/// A source and a port may be dated apart by so many intervals: agents renew their counters when they like.
pub const MAX_LAG: usize = 2;
/// Fewer intervals prove nothing.
pub const MIN_INTERVALS: usize = 6;
/// What a port must explain of a source to be named.
pub const MIN_SHARE: f64 = 0.6;
/// And what the next best may, of that.
pub const RUNNER_UP: f64 = 0.5;
/// Rounds over all coordinates; eight sources are settled after some tens.
const ROUNDS: usize = 200;

/// How much of a source is seen at a port.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Place of the port in the list that was given.
    pub port: usize,
    /// From 0 to 1: the coefficient, times the part of the port's traffic that is explained.
    pub share: f64,
    /// Intervals by which the port is later than the source; negative: earlier.
    pub lag: i8,
}

/// What is found.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribution {
    /// One port, clearly.
    Port(Share),
    /// Some, the likeliest first; none of them can be named.
    Candidates(Vec<Share>),
    /// There are not enough intervals.
    TooShort,
}

/// Coefficients between 0 and 1 with which the `columns`, added up, come nearest to `wanted`.
#[must_use]
pub fn solve(columns: &[&[f64]], wanted: &[f64]) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let norms = columns.iter().map(|column| dot(column, column)).collect::<Vec<_>>();
    let mut found = vec![0.0_f64; columns.len()];
    let mut rest = wanted.to_vec();
    for _ in 0..ROUNDS {
        let mut moved = 0.0_f64;
        for (n, column) in columns.iter().enumerate().filter(|(n, _)| norms[*n] > 0.0) {
            let best = (found[n] + dot(column, &rest) / norms[n]).clamp(0.0, 1.0);
            let step = best - found[n];
            for (rest, value) in rest.iter_mut().zip(*column) {
                *rest -= step * value;
            }
            (found[n], moved) = (best, moved.max(step.abs()));
        }
        if moved < 1e-9 {
            break;
        }
    }
    found
}

/// Where the first of `sources` comes in. All series are rates over the same intervals, oldest first; those behind
/// [`MAX_SOURCES`] are not looked at.
#[must_use]
pub fn attribute(sources: &[Vec<f64>], ports: &[Vec<f64>]) -> Attribution {
    let sources = &sources[..sources.len().min(MAX_SOURCES)];
    let intervals = sources.iter().chain(ports).map(Vec::len).min().unwrap_or(0);
    if sources.is_empty() || intervals < MIN_INTERVALS {
        return Attribution::TooShort;
    }
    let mut shares =
        ports.iter().enumerate().map(|(n, port)| best_lag(sources, n, &port[..intervals])).collect::<Vec<_>>();
    shares.retain(|share| share.share > 0.05);
    shares.sort_by(|one, other| other.share.total_cmp(&one.share));
    match shares.as_slice() {
        [best, rest @ ..]
            if best.share >= MIN_SHARE && rest.first().is_none_or(|next| next.share <= best.share * RUNNER_UP) =>
        {
            Attribution::Port(*best)
        }
        _ => Attribution::Candidates(shares),
    }
}

fn best_lag(sources: &[Vec<f64>], port: usize, wanted: &[f64]) -> Share {
    let intervals = wanted.len();
    // Shifted series are shorter: no more than leaves enough of them.
    let reach = MAX_LAG.min(intervals.saturating_sub(MIN_INTERVALS)) as i8;
    let of_lag = |lag: i8| {
        let shift = usize::from(lag.unsigned_abs());
        let (from_source, from_port) = if lag >= 0 { (0, shift) } else { (shift, 0) };
        let length = intervals - shift;
        let columns = sources.iter().map(|source| &source[from_source..from_source + length]).collect::<Vec<_>>();
        let wanted = &wanted[from_port..from_port + length];
        let found = solve(&columns, wanted);
        let square = |value: f64| value * value;
        let left =
            |n: usize| wanted[n] - columns.iter().zip(&found).map(|(column, part)| column[n] * part).sum::<f64>();
        let rest = (0..length).map(|n| square(left(n))).sum::<f64>();
        let whole = wanted.iter().copied().map(square).sum::<f64>();
        let explained = if whole > 0.0 { (1.0 - rest / whole).max(0.0) } else { 0.0 };
        Share { port, share: found[0] * explained, lag }
    };
    // The least shift that explains as much: zero first.
    let lags = (0..=reach).flat_map(|lag| [lag, -lag]);
    lags.map(of_lag)
        .reduce(|best, next| if next.share > best.share + 0.02 { next } else { best })
        .expect("zero is there")
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORM: [f64; 8] = [0.0, 900.0, 1800.0, 1750.0, 1820.0, 600.0, 1790.0, 1800.0];

    fn plus(series: &[f64], more: f64) -> Vec<f64> {
        series.iter().enumerate().map(|(n, value)| value + more * (1.0 + (n % 3) as f64 / 10.0)).collect()
    }

    #[test]
    fn the_solution_is_the_least_within_the_bounds() {
        let (a, b) = ([1.0, 0.0, 1.0], [0.0, 1.0, 1.0]);
        let near = |found: Vec<f64>, expected: [f64; 2]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?} {expected:?}");
        };
        near(solve(&[&a, &b], &[0.5, 0.25, 0.75]), [0.5, 0.25]);
        near(solve(&[&a, &b], &[3.0, 0.0, 3.0]), [1.0, 1.0]);
        near(solve(&[&a, &b], &[-1.0, 1.0, 0.0]), [0.0, 0.5]);
        near(solve(&[&[0.0; 3], &b], &[1.0, 1.0, 1.0]), [0.0, 1.0]);
    }

    #[test]
    fn a_port_is_named_where_one_alone_explains_it() {
        let quiet = vec![5.0; 8];
        let late = [&[0.0], &STORM[..7]].concat();
        let other = [900.0, 0.0, 100.0, 1800.0, 50.0, 1700.0, 0.0, 900.0];
        let named = |sources: &[Vec<f64>], ports: &[Vec<f64>]| match attribute(sources, ports) {
            Attribution::Port(share) => Some((share.port, share.lag)),
            Attribution::Candidates(_) | Attribution::TooShort => None,
        };
        let storm = [STORM.to_vec()];
        assert_eq!(named(&storm, &[quiet.clone(), plus(&STORM, 20.0)]), Some((1, 0)));
        assert_eq!(named(&storm, &[late, quiet.clone()]), Some((0, 1)), "renewed later");
        assert_eq!(named(&storm, &[STORM.to_vec(), STORM.to_vec()]), None, "an uplink shows the same");
        assert_eq!(named(&storm, &[other.to_vec(), quiet.clone()]), None, "another source");
        assert_eq!(
            named(&[STORM.to_vec(), other.to_vec()], &[other.to_vec(), STORM.to_vec()]),
            Some((1, 0)),
            "two at once"
        );
        assert_eq!(attribute(&[STORM[..5].to_vec()], &[STORM[..5].to_vec()]), Attribution::TooShort);
        assert_eq!(attribute(&storm, &[]), Attribution::Candidates(Vec::new()), "nobody to name");
    }
}
