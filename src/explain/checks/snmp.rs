//! Do the configured switches answer, with living counters? Without them a storm is seen, and its port is not.

use super::{Answer, Check, Judge, Look, Said, SnmpLook, Status};
use crate::model::text::Text;

/// The check.
pub(super) static CHECK: Check = Check {
    id: "snmp",
    question: Text { en: "Do your switches answer by SNMP?", ja: "スイッチはSNMPに応答しますか?" },
    judge: Judge::Whole(judge),
};

const NONE: Text = Text {
    en: "No target is configured: without one a storm is found, but not the port of the switch.",
    ja: "対象が設定されていません。ストームは検出できますが、スイッチのどのポートかは分かりません。",
};
const CONFIGURE: Text = Text {
    en: "Name your switch under snmp.targets in a file, and give it with --config.file.",
    ja: "設定ファイルの snmp.targets にスイッチを書き、--config.file で指定してください。",
};
const GOOD: Text = Text {
    en: "{target} answers: {ports} ports are up, and their counters move.",
    ja: "{target} は応答しています(有効なポート {ports} 個、カウンターは更新されています)。",
};
const STILL: Text = Text {
    en: "{target} answers, but no counter of its {ports} ports has moved within this look.",
    ja: "{target} は応答していますが、{ports} 個の有効なポートのカウンターが1つも変化しませんでした。",
};
const SILENT: Text =
    Text { en: "{target} could not be read: {why}", ja: "{target} を読み取れませんでした: {why}" };
const CHECK_IT: Text = Text {
    en: "`stormglass snmp check {target}` says what is missing.",
    ja: "`stormglass snmp check {target}` で、足りないものが分かります。",
};

fn judge(look: &Look) -> Answer {
    let answers = look.snmp.iter().flatten().map(target);
    answers
        .reduce(Answer::and)
        .unwrap_or_else(|| Answer::new(Status::Unasked, Said::plain(&NONE)).then(Said::plain(&CONFIGURE)))
}

fn target(look: &SnmpLook) -> Answer {
    let name = || ("target", look.target.clone());
    let more = || Said::with(&CHECK_IT, [name()]);
    match &look.outcome {
        Err(why) => Answer::new(Status::Warning, Said::with(&SILENT, [name(), ("why", why.clone())])).then(more()),
        Ok((ports, true)) => Answer::new(Status::Ok, Said::with(&GOOD, [name(), ("ports", ports.to_string())])),
        // Some agents refresh every 30 s, and some networks are asleep: no finding.
        Ok((ports, false)) => {
            Answer::new(Status::Unasked, Said::with(&STILL, [name(), ("ports", ports.to_string())])).then(more())
        }
    }
}
