//! The scenarios that there are: data and teaching pages, built into the program.

use crate::scenario::Scenario;

macro_rules! one {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../scenarios/", $name, ".json")),
            include_str!(concat!("../scenarios/", $name, ".md")),
        )
    };
}
/// The name, the data, and the page of each.
const ALL: [(&str, &str, &str); 9] = [
    one!("slow-look-ups"),
    one!("failing-reservations"),
    one!("stock-out"),
    one!("lost-inventory"),
    one!("slow-disk"),
    one!("burst-of-errors"),
    one!("overload"),
    one!("memory-growth"),
    one!("lock"),
];

/// The names, from the gentlest to the worst to find.
pub(crate) fn names() -> [&'static str; 9] {
    ALL.map(|(name, _, _)| name)
}

/// The scenario of a name.
pub(crate) fn find(name: &str) -> Option<Scenario> {
    let (name, data, _) = ALL.into_iter().find(|(known, _, _)| *known == name)?;
    Some(Scenario::parse(name, data).expect("a test reads each"))
}

/// The teaching page of a name.
pub(crate) fn page(name: &str) -> Option<&'static str> {
    let found = ALL.into_iter().find(|(known, _, _)| *known == name);
    found.map(|(_, _, page)| page)
}

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = Scenario> {
    names().into_iter().filter_map(find)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_a_scenario_with_its_page() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let found: BTreeSet<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let expected: BTreeSet<_> = names()
            .iter()
            .flat_map(|name| [format!("{name}.json"), format!("{name}.md")])
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_scenario_can_be_read_and_every_page_teaches_it() {
        for (name, data, page) in ALL {
            let scenario = Scenario::parse(name, data).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert!(!scenario.faults.is_empty(), "{name} is not told of");
            let panel = &scenario.evidence.panel;
            assert!(panel.above.is_some() != panel.below.is_some(), "{name}");
            let commands = scenario.systemd.start.iter().chain(&scenario.systemd.stop);
            assert!(commands.clone().all(|words| !words.is_empty()), "{name}");
            let headings = [
                &format!("# {}", scenario.title),
                "## What you see first",
                "## What you click",
                "## Where it ends",
                "## What the cause was",
                "## How it is switched off",
            ];
            let mut rest = page;
            for heading in headings {
                let Some((_, after)) = rest.split_once(&format!("{heading}\n")) else {
                    panic!("{name}.md has no {heading:?} in its place");
                };
                rest = after;
            }
            assert!(page.contains(&format!("scenario stop {name}")), "{name}.md");
            assert!(
                page.contains(&scenario.evidence.alert.name),
                "{name}.md: alert"
            );
            assert!(
                page.contains(&scenario.evidence.panel.title),
                "{name}.md: panel"
            );
            assert!(
                page.contains(&scenario.evidence.trace.operation),
                "{name}.md: trace"
            );
            assert!(
                page.contains(&scenario.evidence.log.query),
                "{name}.md: log"
            );
        }
    }
}
