//! What was measured, beside what it should be.

use std::fmt::Write;

/// A figure of the table.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    goal: Option<Goal>,
    /// How sure it is, or what it consists of.
    note: String,
}

#[derive(Clone, Copy, Debug)]
enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Figure {
    /// A figure that has no goal.
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            goal: None,
            note: String::new(),
        }
    }

    pub(crate) fn at_least(self, goal: f64) -> Self {
        let goal = Some(Goal::AtLeast(goal));
        Self { goal, ..self }
    }

    pub(crate) fn at_most(self, goal: f64) -> Self {
        let goal = Some(Goal::AtMost(goal));
        Self { goal, ..self }
    }

    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        let note = note.into();
        Self { note, ..self }
    }

    /// Whether the goal is met, when there is one.
    pub(crate) fn met(&self) -> Option<bool> {
        self.goal.map(|goal| match goal {
            Goal::AtLeast(least) => self.value >= least,
            Goal::AtMost(most) => self.value <= most,
        })
    }

    fn goal(&self) -> String {
        match self.goal {
            Some(Goal::AtLeast(least)) => format!(">= {}", short(least)),
            Some(Goal::AtMost(most)) => format!("<= {}", short(most)),
            None => String::new(),
        }
    }

    const fn verdict(met: Option<bool>) -> &'static str {
        match met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        }
    }
}

/// All figures, one a line.
pub(crate) fn table(figures: &[Figure]) -> String {
    let name_width = figures.iter().map(|figure| figure.name.chars().count());
    let width = name_width.max().unwrap_or_default();
    let mut table = format!(
        "{:width$}  {:>16}  {:>9}  verdict  note\n",
        "figure", "measured", "goal"
    );
    for figure in figures {
        let measured = format!("{} {}", short(figure.value), figure.unit);
        let line = format!(
            "{:width$}  {:>16}  {:>9}  {:7}  {}",
            figure.name,
            measured.trim_end(),
            figure.goal(),
            Figure::verdict(figure.met()),
            figure.note
        );
        writeln!(table, "{}", line.trim_end()).expect("a string takes all");
    }
    table
}

/// A number with about three digits.
pub(crate) fn short(number: f64) -> String {
    match number.abs() {
        0.0..10.0 => format!("{number:.2}"),
        10.0..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}
