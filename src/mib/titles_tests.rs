//! Scrapes with remembered titles against whole walks of the same device.

use super::*;
use crate::mib::storm;
use crate::mib::test_agent::{TestAgent, limits, run};
use crate::mib::{Reply, bridge, if_mib};
use std::time::Duration;

fn walked(agent: &mut TestAgent, walk: Walk) -> Rows {
    run(walk, |request| Reply::Bindings(agent.answer(request).into())).expect("a good agent")
}

/// Columns with their cells, and scalars, as texts: in no order, and without sysUpTime, which goes on.
fn told(rows: &Rows) -> Vec<String> {
    let cells = rows.cells().map(|(object, cell)| format!("{}.{:?} {:?}", object.name, cell.index, cell.value));
    let mut told = cells.collect::<Vec<_>>();
    told.extend(rows.scalars.iter().map(|(object, _)| object.name.to_owned()));
    told.sort();
    told
}

fn at(seconds: u64) -> Time {
    Time::from_secs(1_000_000).plus(Duration::from_secs(seconds))
}

/// What a scrape with these titles brings, if they hold.
fn scraped(titles: &mut Titles, agent: &mut TestAgent, module: &Module) -> Option<Rows> {
    let mut rows = walked(agent, titles.rest(at(10), module, limits())?);
    titles.complete(&mut rows).then_some(rows)
}

#[test]
fn a_scrape_with_titles_is_a_whole_one_for_less() {
    for module in [&storm::MODULE, &if_mib::MODULE] {
        let mut agent = TestAgent::switch(9);
        let whole = walked(&mut agent, Walk::module(module, limits()));
        let mut titles = Titles::learn(at(0), module, &whole).expect("a switch has names");
        let rows = scraped(&mut titles, &mut agent, module).expect("nothing has changed");
        assert_eq!(told(&rows), told(&whole), "{}", module.name);
        assert!(rows.stats.bindings < whole.stats.bindings, "{:?} {:?}", rows.stats, whole.stats);
    }
}

#[test]
fn titles_serve_every_module_that_wants_no_others() {
    let mut agent = TestAgent::switch(3);
    let whole = walked(&mut agent, Walk::module(&if_mib::MODULE, limits()));
    let mut titles = Titles::learn(at(0), &if_mib::MODULE, &whole).expect("a switch has names");
    let rows = scraped(&mut titles, &mut agent, &storm::MODULE).expect("the same titles");
    assert_eq!(told(&rows), told(&walked(&mut agent, Walk::module(&storm::MODULE, limits()))));
    assert!(titles.rest(at(10), &bridge::MODULE, limits()).is_none(), "a module without titles is walked whole");
    assert!(titles.rest(at(299), &storm::MODULE, limits()).is_some());
    assert!(titles.rest(at(300), &storm::MODULE, limits()).is_none(), "a new name is seen some time");
}

#[test]
fn whatever_changes_the_rows_ends_it() {
    type Change = fn(&mut TestAgent);
    let changes: [(&str, Change); 4] = [
        ("a restart", |agent| agent.set("1.3.6.1.2.1.1.3.0", Value::TimeTicks(7))),
        ("a port at the end", |agent| *agent = TestAgent::switch(5)),
        ("a port in the middle", |agent| {
            for column in ["2.2.1.8", "31.1.1.1.6", "31.1.1.1.15"] {
                agent.remove(&format!("1.3.6.1.2.1.{column}.4"));
            }
            agent.set("1.3.6.1.2.1.31.1.1.1.6.17", Value::Counter64(1));
        }),
        ("no uptime", |agent| agent.remove("1.3.6.1.2.1.1.3.0")),
    ];
    for (what, change) in changes {
        let mut agent = TestAgent::switch(4);
        let whole = walked(&mut agent, Walk::module(&storm::MODULE, limits()));
        let mut titles = Titles::learn(at(0), &storm::MODULE, &whole).expect("a switch has names");
        change(&mut agent);
        assert!(scraped(&mut titles, &mut agent, &storm::MODULE).is_none(), "{what}");
    }
}

#[test]
fn a_port_that_goes_leaves_no_series() {
    let mut agent = TestAgent::switch(4);
    let whole = walked(&mut agent, Walk::module(&storm::MODULE, limits()));
    let mut titles = Titles::learn(at(0), &storm::MODULE, &whole).expect("a switch has names");
    for object in titles_and_rest() {
        agent.remove(&format!("{}.4", crate::model::snmp::Oid::new(object.oid)));
    }
    let rows = scraped(&mut titles, &mut agent, &storm::MODULE).expect("the others are as they were");
    let fourth = rows.cells().filter(|(object, cell)| cell.index == [4] && !titles_of_storm(object)).count();
    assert_eq!(fourth, 0);
}

fn titles_of_storm(object: &Object) -> bool {
    titles(&storm::MODULE).any(|title| std::ptr::eq(title, object))
}

fn titles_and_rest() -> impl Iterator<Item = &'static Object> {
    storm::MODULE.tables.iter().flat_map(|table| table.columns.iter().copied())
}

#[test]
fn what_a_device_lacks_it_lacks_again() {
    let mut agent = TestAgent::switch(2);
    for port in [1, 2] {
        agent.remove(&format!("1.3.6.1.2.1.31.1.1.1.18.{port}"));
    }
    let whole = walked(&mut agent, Walk::module(&storm::MODULE, limits()));
    let mut titles = Titles::learn(at(0), &storm::MODULE, &whole).expect("descriptions are left");
    let rows = scraped(&mut titles, &mut agent, &storm::MODULE).expect("nothing has changed");
    assert_eq!(told(&rows), told(&whole));
    // One of two names is missing: the columns are not alike, and nothing is remembered.
    agent.remove("1.3.6.1.2.1.31.1.1.1.1.2");
    let whole = walked(&mut agent, Walk::module(&storm::MODULE, limits()));
    assert!(Titles::learn(at(0), &storm::MODULE, &whole).is_none());
}
