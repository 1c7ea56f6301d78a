//! Who is a router in IPv6? A second router that passes IPv6 through, or a computer that shares its line, announces itself
//! to everybody.

use super::words;
use super::{Answer, Check, Fate, Judge, Look, Place, Said, Status};
use crate::model::probe::ROUTER_SOLICITATION;
use crate::model::text::Text;

/// The check.
pub(super) static CHECK: Check = Check {
    id: "ipv6_routers",
    question: Text { en: "Is there at most one IPv6 router?", ja: "IPv6のルーターは1台以下ですか?" },
    judge: Judge::Place(judge),
};

const NONE: Text = Text {
    en: "No router announces itself in IPv6.", ja: "IPv6でルーターを名乗る機器はありません。"
};
const NO_IPV6: Text = Text {
    en: "This computer has no IPv6 address there, and did not ask; no router announced itself in {seconds} s.",
    ja: "このコンピューターにはIPv6アドレスがないため、問い合わせていません。{seconds} 秒間、広告したルーターはありませんでした。",
};
const ROUTER: Text = Text {
    en: "{who} announces itself as a router, with the prefixes {prefixes}.",
    ja: "{who} がルーターとして広告しています(プレフィックス {prefixes})。",
};
const SEVERAL: Text = Text {
    en: "{count} routers announce themselves in IPv6: devices choose one by chance, and addresses of one do not work through \
         the other.",
    ja: "{count} 台の機器がIPv6ルーターとして広告しています。各機器がどれを使うかは偶然で、一方のアドレスは他方を経由すると通信できません。",
};
const TURN_OFF: Text = Text {
    en: "Turn off router advertisements (or IPv6 pass-through) on the one that is not meant. A switch with RA guard lets them \
         come from the right port alone.",
    ja: "意図しない方の機器で、ルーター広告(またはIPv6パススルー)をオフにしてください。RAガード対応のスイッチなら、正しいポートからの\
         広告だけを通せます。",
};

fn judge(look: &Look, place: &Place) -> Answer {
    let heard = match &place.heard {
        Ok(heard) => heard,
        Err(why) => return words::blind(why),
    };
    let routers = heard.routers.iter().filter(|(_, (_, found))| found.lifetime_seconds > 0);
    let said = routers.map(|(mac, (ip, found))| {
        let prefixes = found.prefixes.iter().map(|(prefix, length)| format!("{prefix}/{length}")).collect::<Vec<_>>();
        let prefixes = if prefixes.is_empty() { "-".to_owned() } else { prefixes.join(" ") };
        Said::with(&ROUTER, [("who", look.called(*mac, Some(*ip))), ("prefixes", prefixes)])
    });
    let said = said.collect::<Vec<_>>();
    match said.len() {
        0 if place.sent(&ROUTER_SOLICITATION).is_some() => Answer::new(Status::Ok, Said::plain(&NONE)),
        0 if place.sent.get(ROUTER_SOLICITATION.id) == Some(&Fate::NoAddress) => {
            Answer::new(Status::Unasked, Said::with(&NO_IPV6, [("seconds", words::seconds(heard.listened()))]))
        }
        0 => words::not_sent(place, heard, &ROUTER_SOLICITATION),
        1 => Answer { status: Status::Ok, seen: said, remedy: Vec::new() },
        count => {
            let mut answer = Answer::new(Status::Warning, Said::with(&SEVERAL, [("count", count.to_string())]));
            answer.seen.extend(said);
            answer.then(Said::plain(&TURN_OFF))
        }
    }
}
