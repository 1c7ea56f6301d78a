//! UPnP between network namespaces that each trial makes for itself and that end with it: announcements over IPv4 and
//! IPv6, whom a device can make us ask, and the published clients `rupnp` and `ssdp-client` beside `upnp-probe` on the
//! same gateways. Needs root, `unshare` and `ip`; without them every trial is ignored, with the reason, or fails under
//! `STORMGLASS_LAB=require`. Sends nothing outside its namespaces.

#![expect(unreachable_pub, reason = "the modules of a test program are its own")]
#![expect(clippy::disallowed_methods, reason = "a test is outside: it waits and sends by itself")]

#[path = "../namespaces/apart.rs"]
mod apart;
mod cables;
mod forbidden;
#[path = "../namespaces/mod.rs"]
mod namespaces;
mod passive;
mod reference;

use libtest_mimic::{Arguments, Failed};
use std::process::ExitCode;

/// Set for the run inside the namespaces, to the trial's name.
const INSIDE: &str = "STORMGLASS_UPNP_NETNS";
type Check = fn() -> Result<(), Failed>;
const TRIALS: [(&str, Check); 18] = [
    ("both_read_a_gateway_that_behaves", reference::both_read_a_gateway_that_behaves),
    ("only_we_search_other_interfaces", reference::only_we_search_other_interfaces),
    ("only_we_speak_ipv6", reference::only_we_speak_ipv6),
    ("only_we_hear_announcements", reference::only_we_hear_announcements),
    ("only_we_end_when_a_device_hangs", reference::only_we_end_when_a_device_hangs),
    ("only_we_refuse_a_body_without_bounds", reference::only_we_refuse_a_body_without_bounds),
    ("only_we_tell_the_end_of_a_list_from_a_failure", reference::only_we_tell_the_end_of_a_list_from_a_failure),
    ("only_we_read_on_after_an_odd_mapping", reference::only_we_read_on_after_an_odd_mapping),
    ("only_we_read_descriptions_as_they_are_out_there", reference::only_we_read_descriptions_as_they_are_out_there),
    ("only_we_take_an_answer_without_server", reference::only_we_take_an_answer_without_server),
    ("one_device_by_ipv4_and_ipv6_is_one", passive::one_device_by_ipv4_and_ipv6_is_one),
    ("goodbyes_are_heard_and_restarts_are_none", passive::goodbyes_are_heard_and_restarts_are_none),
    ("silence_and_new_names_are_noticed", passive::silence_and_new_names_are_noticed),
    ("an_interface_may_go_and_come_back", passive::an_interface_may_go_and_come_back),
    ("a_taken_port_is_explained_and_searches_go_on", passive::a_taken_port_is_explained_and_searches_go_on),
    ("others_on_the_port_are_not_disturbed", passive::others_on_the_port_are_not_disturbed),
    ("a_search_finds_ipv6_neighbours_once", passive::a_search_finds_ipv6_neighbours_once),
    ("nobody_is_asked_on_a_strangers_word", forbidden::nobody_is_asked_on_a_strangers_word),
];

fn main() -> ExitCode {
    let needed = &[("ip", "iproute2")];
    apart::Trials { variable: INSIDE, needed, trials: TRIALS, alone: 0, set_up: cables::lay }
        .run(Arguments::from_args())
}
