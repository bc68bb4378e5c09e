//! The sampler, from the standard environment variables of the OpenTelemetry specification
//! ("General SDK Configuration").

use opentelemetry_sdk::trace::Sampler;

use crate::TelemetryArgs;

/// For an unknown sampler or a bad ratio a warning is logged and the default taken, as the
/// specification asks: a typing error must not stop the shop.
pub(super) fn from_args(args: &TelemetryArgs, disabled: bool) -> Sampler {
    if disabled {
        return Sampler::AlwaysOff;
    }
    let ratio = || Sampler::TraceIdRatioBased(ratio(args.otel_traces_sampler_arg.get()));
    let parent_based = |root| Sampler::ParentBased(Box::new(root));
    match args
        .otel_traces_sampler
        .get()
        .unwrap_or("parentbased_always_on")
    {
        "always_on" => Sampler::AlwaysOn,
        "always_off" => Sampler::AlwaysOff,
        "traceidratio" => ratio(),
        "parentbased_always_on" => parent_based(Sampler::AlwaysOn),
        "parentbased_always_off" => parent_based(Sampler::AlwaysOff),
        "parentbased_traceidratio" => parent_based(ratio()),
        unknown => {
            tracing::warn!(
                sampler = unknown,
                "OTEL_TRACES_SAMPLER is unknown; parentbased_always_on is used"
            );
            parent_based(Sampler::AlwaysOn)
        }
    }
}

fn ratio(text: Option<&str>) -> f64 {
    let Some(text) = text else { return 1.0 };
    match text.parse() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => ratio,
        _ => {
            tracing::warn!(
                ratio = text,
                "OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1; 1 is used"
            );
            1.0
        }
    }
}
