//! The recorder on a real folder: what it keeps, what it lets go, and what it survives.

use super::*;
use crate::io::capture::file::CaptureFile;
use crate::model::frames::LinkType;
use std::sync::mpsc::Receiver;
use tempfile::TempDir;

fn settings(folder: &TempDir) -> Settings {
    Settings { folder: folder.path().join("recordings"), ..Settings::default() }
}

fn start(settings: Settings, clock: Clock) -> (Recorder, Receiver<News>) {
    let (tell, news) = mpsc::channel();
    let recorder = Recorder::start(settings, clock, move |one| drop(tell.send(one))).expect("a folder and a thread");
    (recorder, news)
}

fn trigger(storm: &str, segment: &str, started: Time) -> Trigger {
    Trigger { storm: storm.into(), segment: segment.into(), sentence: "Packet storm.".to_owned(), started }
}

fn see(reel: &mut Reel, at: Time, frames: u64) {
    for number in 0..frames {
        let mut bytes = [0; 60];
        bytes[0] = 1;
        let meta = FrameMeta { at, number, interface: 0, link: LinkType::Ethernet, vlan: None, original_len: 60 };
        reel.frame(&meta, &bytes);
    }
}

fn done(news: &Receiver<News>) -> Recording {
    news.iter().find_map(|news| if let News::Done(recording) = news { Some(recording) } else { None }).expect("one")
}

/// Ten seconds of a frame each, the onset, ten of a hundred each, and more that is not recorded.
fn storm(recorder: &Recorder, clock: Clock, name: &str) {
    let begin = clock.now();
    let mut reel = recorder.reel(&"eth0".into());
    for second in 0..40 {
        let now = begin.plus(Duration::from_secs(second));
        see(&mut reel, now, if second < 20 { 1 } else { 100 });
        if second == 20 {
            recorder.trigger(trigger("elsewhere", "eth1", now));
            recorder.trigger(trigger(name, "eth0.5", now));
        }
        if second == 22 {
            recorder.trigger(trigger("the same under another name", "eth0", now));
        }
        reel.turn(now);
    }
}

#[test]
fn before_and_after_the_onset() {
    let folder = TempDir::new().expect("a folder");
    let clock = Clock::start();
    let (recorder, news) = start(settings(&folder), clock);
    storm(&recorder, clock, "eth0.5-l3_reflector/..");
    let recording = done(&news);
    assert_eq!(recording.storms, ["eth0.5-l3_reflector/..".into(), Arc::from("the same under another name")]);
    assert!((1_009..=1_112).contains(&recording.frames), "{recording:?}");
    let mut file = CaptureFile::open(std::path::Path::new(&*recording.path)).expect("it is there");
    assert!(file.peek().is_some());
    while file.next_frame().is_some() {}
    assert!(file.trouble().is_none(), "{:?}", file.trouble());
    assert_eq!((file.frames(), file.interface_name(0)), (recording.frames, Some("eth0")));
    assert_eq!(std::fs::metadata(&*recording.path).expect("it is there").len(), recording.bytes);
}

#[test]
fn the_oldest_make_room_and_what_is_not_ours_stays() {
    let folder = TempDir::new().expect("a folder");
    let mut settings = settings(&folder);
    settings.max_files = 3;
    std::fs::create_dir_all(&settings.folder).expect("a folder");
    let put = |name: &str| std::fs::write(settings.folder.join(name), b"x").expect("room");
    for day in 1..=5 {
        put(&format!("stormglass-2020010{day}T000000Z-old.pcapng"));
    }
    put("stormglass-20200101T000000Z-cut-1.pcapng.partial");
    put("holiday.pcapng");
    let clock = Clock::start();
    let (recorder, news) = start(settings.clone(), clock);
    storm(&recorder, clock, "new");
    drop(done(&news));
    let mut left = std::fs::read_dir(&settings.folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect::<Vec<_>>();
    left.sort();
    assert_eq!(left.len(), 4, "{left:?}");
    assert_eq!(
        left[..3],
        ["holiday.pcapng", "stormglass-20200104T000000Z-old.pcapng", "stormglass-20200105T000000Z-old.pcapng"]
    );
    assert!(left[3].ends_with("-new.pcapng"), "{left:?}");
}

#[test]
fn a_folder_that_goes_away_is_counted_and_survived() {
    let folder = TempDir::new().expect("a folder");
    let settings = settings(&folder);
    let clock = Clock::start();
    let (recorder, news) = start(settings.clone(), clock);
    std::fs::remove_dir_all(&settings.folder).expect("it was there");
    storm(&recorder, clock, "lost");
    let failed = |news: News| matches!(news, News::Status(status) if status.errors.get("other") == Some(&1));
    assert!(news.iter().any(failed));
    std::fs::create_dir_all(&settings.folder).expect("a folder");
    storm(&recorder, clock, "kept");
    assert_eq!(done(&news).storms[0], "kept".into());
}

#[test]
fn a_capture_that_ends_keeps_what_it_has() {
    let folder = TempDir::new().expect("a folder");
    let clock = Clock::start();
    let (recorder, news) = start(settings(&folder), clock);
    let mut reel = recorder.reel(&"eth0".into());
    see(&mut reel, clock.now(), 7);
    recorder.trigger(trigger("short", "eth0", clock.now()));
    reel.turn(clock.now());
    drop(reel);
    assert_eq!(done(&news).frames, 7);
}

#[test]
fn a_folder_that_cannot_be_is_an_error_at_the_start() {
    let settings = Settings { folder: "/proc/no/such/folder".into(), ..Settings::default() };
    assert!(Recorder::start(settings, Clock::start(), drop).is_err());
}
