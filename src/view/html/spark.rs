//! Small curves as SVG. They repeat in a picture what stands beside them in numbers, so that nobody needs to see them.

use super::escape::Html;
use crate::observe::trails::Reading;

/// Size of a port's curve, in its own units.
const WIDTH: usize = 120;
const HEIGHT: usize = 24;
/// Size of an interface's curve.
const WIDE: usize = 600;
const HIGH: usize = 80;
/// Below this many packets per second a curve is drawn low, not blown up to full height.
const LEAST_PEAK: f32 = 10.0;

/// What a port carried: in as an area, out as a line, over the time of the readings.
pub(super) fn port(html: &mut Html, readings: &[Reading]) {
    let (Some(first), Some(last)) = (readings.first(), readings.last()) else { return };
    let span = last.at.since(first.at).as_secs_f32().max(0.001);
    let peak = readings.iter().map(|r| r.in_pps.max(r.out_pps)).fold(LEAST_PEAK, f32::max);
    let x = |reading: &Reading| (reading.at.since(first.at).as_secs_f32() / span * WIDTH as f32) as usize;
    let y = |pps: f32| HEIGHT - (pps.max(0.0) / peak * HEIGHT as f32) as usize;
    html.raw("<svg class=\"spark\" viewBox=\"0 -1 120 26\" aria-hidden=\"true\"><path class=\"in\" d=\"M0 24");
    for reading in readings {
        html.text(&format!("L{} {}", x(reading), y(reading.in_pps)));
    }
    html.raw("V24z\"/><path class=\"out\" d=\"");
    for (place, reading) in readings.iter().enumerate() {
        let sign = if place == 0 { 'M' } else { 'L' };
        html.text(&format!("{sign}{} {}", x(reading), y(reading.out_pps)));
    }
    html.raw("\"/></svg>");
}

/// The frames of each second, `of` so many seconds that there is room for; the latest are at the right.
pub(super) fn seconds(html: &mut Html, frames: &[u32], of: usize) {
    let peak = frames.iter().copied().fold(LEAST_PEAK as u32, u32::max);
    let y = |n: u32| HIGH - (u64::from(n) * HIGH as u64 / u64::from(peak)) as usize;
    let before = of.saturating_sub(frames.len());
    let x = |place: usize| (before + place) * WIDE / of.max(1);
    html.raw("<svg class=\"curve\" viewBox=\"0 -2 600 84\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    html.raw("<path class=\"in\" d=\"M").text(&format!("{} {HIGH}", x(0)));
    let mut height = HIGH;
    for (place, n) in frames.iter().enumerate() {
        // Most seconds are like the one before: no need to say so.
        if y(*n) != height {
            height = y(*n);
            html.text(&format!("H{}V{height}", x(place)));
        }
    }
    html.text(&format!("H{}V{HIGH}z", x(frames.len()))).raw("\"/></svg>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    #[test]
    fn curves_stay_in_their_frame_whatever_the_numbers() {
        let readings = [f32::MAX, 0.0, -5.0, 3.0].iter().zip(0..);
        let readings = readings.map(|(pps, at)| Reading { at: Time::from_secs(at), in_pps: *pps, out_pps: 1.0 });
        let mut html = Html::new();
        port(&mut html, &readings.collect::<Vec<_>>());
        seconds(&mut html, &[0, u32::MAX, 7], 3);
        seconds(&mut html, &[], 0);
        let text = html.finish();
        assert!(text.contains("M0 24L0 0L40 24L80 24L120 24V24z"), "{text}");
        assert!(text.contains("M0 80H200V0H400V80H600V80z"), "{text}");
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
}
