//! One journal entry an event, with native fields, through `tracing-journald`.
//!
//! Its layer writes to the journal on the thread that calls it, knows no trace ids, and does not
//! report a journal that is away. So each event is replayed to it here, on the writer's
//! thread, with `trace_id`, `span_id`, `request_id` and `repeated` as fields of its own.

use std::collections::HashMap;
use std::io;
use std::os::unix::net::UnixDatagram;

use tracing_core::callsite::Identifier;
use tracing_core::field::{FieldSet, Value as FieldValue};
use tracing_core::{Kind, Metadata, Subscriber};
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Layered, SubscriberExt};

use super::event::{Event, Value};
use super::sink::Sink;

/// Where the journal listens (systemd-journald.service(8)).
const SOCKET: &str = "/run/systemd/journal/socket";

/// The fields that are added to each event's own.
const ADDED: [&str; 4] = ["trace_id", "span_id", "request_id", "repeated"];

/// The journal.
pub(super) struct Journald {
    journal: Layered<tracing_journald::Layer, Registry>,
    replayed: HashMap<Identifier, &'static Metadata<'static>>,
    probe: UnixDatagram,
    reachable: Option<bool>,
    lost: u64,
}

impl Journald {
    pub(super) fn new(service: &str) -> io::Result<Self> {
        let layer = tracing_journald::layer()?
            .with_field_prefix(None)
            .with_syslog_identifier(service.to_owned())
            .with_priority_mappings(PriorityMappings {
                error: Priority::Error,
                warn: Priority::Warning,
                info: Priority::Informational,
                debug: Priority::Debug,
                trace: Priority::Debug,
            });
        Ok(Self {
            journal: tracing_subscriber::registry().with(layer),
            replayed: HashMap::new(),
            probe: UnixDatagram::unbound()?,
            reachable: None,
            lost: 0,
        })
    }

    /// The metadata of an event with what is added among its fields. It has to live as long as the
    /// program, like that of every place that logs; there is one for each such place.
    fn metadata(&mut self, original: &'static Metadata<'static>) -> &'static Metadata<'static> {
        self.replayed.entry(original.callsite()).or_insert_with(|| {
            let names: Vec<_> = original
                .fields()
                .iter()
                .map(|field| field.name())
                .chain(ADDED)
                .collect();
            Box::leak(Box::new(Metadata::new(
                original.name(),
                original.target(),
                *original.level(),
                original.file(),
                original.line(),
                original.module_path(),
                FieldSet::new(names.leak(), original.callsite()),
                Kind::EVENT,
            )))
        })
    }
}

impl Sink for Journald {
    fn put(&mut self, event: &Event) {
        // The layer ignores errors. A connect, one system call a batch, shows whether anybody
        // listens, so that lost events are counted.
        let probe = &self.probe;
        if !*self
            .reachable
            .get_or_insert_with(|| probe.connect(SOCKET).is_ok())
        {
            self.lost += 1;
            return;
        }
        let metadata = self.metadata(event.metadata);
        let added = [
            event.span.map(|(trace, _)| trace.to_string()),
            event.span.map(|(_, span)| span.to_string()),
            event.request_id.as_ref().map(ToString::to_string),
            event.repeated.map(|count| count.to_string()),
        ];
        let mut values: Vec<Option<&dyn FieldValue>> = vec![None; metadata.fields().len()];
        let own = values.len() - ADDED.len();
        for (slot, text) in values[own..].iter_mut().zip(&added) {
            *slot = text.as_ref().map(|text| text as &dyn FieldValue);
        }
        for (name, value) in &event.fields {
            let index = event
                .metadata
                .fields()
                .field(name)
                .map(|field| field.index());
            if let Some(slot) = index.and_then(|index| values.get_mut(index)) {
                *slot = Some(match value {
                    Value::Text(text) => text,
                    Value::Signed(number) => number,
                    Value::Unsigned(number) => number,
                    Value::Float(number) => number,
                    Value::Bool(truth) => truth,
                });
            }
        }
        let values = metadata.fields().value_set_all(&values);
        self.journal
            .event(&tracing_core::Event::new(metadata, &values));
    }

    fn finish(&mut self) -> u64 {
        self.reachable = None;
        std::mem::take(&mut self.lost)
    }
}
