//! Who asks for memberships? Switches with snooping need exactly one querier: without one they stop passing groups on, and
//! two at once mean that the election did not work. Nothing is asked here: a host's query can win the election.

use super::words;
use super::{Answer, Check, Judge, Look, Place, Said, Status};
use crate::model::text::Text;
use std::time::Duration;

/// The check.
pub(super) static CHECK: Check = Check {
    id: "querier",
    question: Text {
        en: "Does one device ask for multicast memberships (IGMP, MLD)?",
        ja: "マルチキャストの参加を確認する機器(クエリア)は1台ですか?",
    },
    judge: Judge::Place(judge),
};

/// Queries come every 125 s, and two may be lost (RFC 3376, 8.2 and 8.5: the other querier present interval is 255 s).
const ABSENT_AFTER: Duration = Duration::from_secs(255);

const ONE: Text = Text {
    en: "{protocol}: {who} asks (version {version}).",
    ja: "{protocol}: {who} がクエリアです(バージョン {version})。",
};
const SEVERAL: Text = Text {
    en: "{protocol}: {count} devices ask at the same time: {who}.",
    ja: "{protocol}: {count} 台の機器が同時にクエリを送っています: {who}。",
};
const ELECT: Text = Text {
    en: "Turn the querier off on all but one, usually the router: they do not hear each other, or one ignores the election.",
    ja: "1台(通常はルーター)を残して、クエリア機能をオフにしてください。互いのクエリが届いていないか、一方が選出に従っていません。",
};
const ABSENT: Text = Text {
    en: "{protocol}: nobody asked in {seconds} s. Behind a switch with snooping, multicast stops after some minutes.",
    ja: "{protocol}: {seconds} 秒間、クエリがありませんでした。スヌーピング対応のスイッチでは、数分後にマルチキャストが届かなくなります。",
};
const TURN_ON: Text = Text {
    en: "If a switch has IGMP snooping, turn on the querier of the router or of one switch, or turn snooping off.",
    ja: "IGMPスヌーピングを使うスイッチがある場合は、ルーターかいずれか1台のスイッチのクエリアをオンにするか、スヌーピングをオフにして\
         ください。",
};
const TOO_SHORT: Text = Text {
    en: "{protocol}: no query in {seconds} s. They come every 125 s, so that this says nothing yet.",
    ja: "{protocol}: {seconds} 秒間にクエリはありませんでした。クエリは125秒ごとのため、まだ判断できません。",
};
const LONGER: Text = Text {
    en: "`stormglass doctor --watch 260s` listens for long enough.",
    ja: "`stormglass doctor --watch 260s` で十分な時間、待ち受けられます。",
};

fn judge(look: &Look, place: &Place) -> Answer {
    let heard = match &place.heard {
        Ok(heard) => heard,
        Err(why) => return words::blind(why),
    };
    let family = |ipv6: bool| {
        let protocol = || ("protocol", if ipv6 { "MLD" } else { "IGMP" }.to_owned());
        let all = heard.queriers.iter().filter(|((of, _), _)| *of == ipv6);
        // An address of zeros is a switch that asks on behalf of nobody, and takes no part in the election.
        let all = all.filter(|(_, querier)| !querier.ip.is_unspecified()).collect::<Vec<_>>();
        let listened = heard.listened();
        let seconds = || ("seconds", words::seconds(listened));
        match all.as_slice() {
            [] if listened >= ABSENT_AFTER && !ipv6 => {
                Answer::new(Status::Warning, Said::with(&ABSENT, [protocol(), seconds()])).then(Said::plain(&TURN_ON))
            }
            [] => {
                Answer::new(Status::Unasked, Said::with(&TOO_SHORT, [protocol(), seconds()])).then(Said::plain(&LONGER))
            }
            [((_, mac), querier)] => {
                let facts = [
                    protocol(),
                    ("who", look.called(*mac, Some(querier.ip))),
                    ("version", querier.version.to_string()),
                ];
                Answer::new(Status::Ok, Said::with(&ONE, facts))
            }
            several => {
                // One query each, and the loser of the election falls silent: that is how it is meant.
                let elected = several.iter().filter(|(_, querier)| querier.queries > 1).count() < 2;
                let who = several.iter().map(|((_, mac), querier)| look.called(*mac, Some(querier.ip)));
                let who = who.collect::<Vec<_>>().join("; ");
                let facts = [protocol(), ("count", several.len().to_string()), ("who", who)];
                let status = if elected { Status::Unasked } else { Status::Warning };
                Answer::new(status, Said::with(&SEVERAL, facts)).then(Said::plain(if elected {
                    &LONGER
                } else {
                    &ELECT
                }))
            }
        }
    };
    family(false).and(family(true))
}
