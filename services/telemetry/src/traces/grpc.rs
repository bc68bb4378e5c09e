//! OTLP over gRPC (OTLP specification, "OTLP/gRPC").

use std::time::Duration;

use http::{HeaderMap, Uri};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use super::exporter::{ANSWER_LIMIT, USER_AGENT};
use super::headers::quote;
use super::retry::Failure;

/// A receiver that is reached over gRPC.
#[derive(Clone, Debug)]
pub(super) struct Grpc {
    client: TraceServiceClient<Channel>,
    headers: HeaderMap,
}

impl Grpc {
    /// Connects when the first batch is sent, and again whenever the connection is lost.
    pub(super) fn new(
        uri: Uri,
        headers: HeaderMap,
        timeout: Duration,
    ) -> Result<Self, tonic::transport::Error> {
        let channel = Endpoint::from(uri)
            .user_agent(USER_AGENT)?
            .connect_timeout(timeout)
            .connect_lazy();
        let client = TraceServiceClient::new(channel).max_decoding_message_size(ANSWER_LIMIT);
        Ok(Self { client, headers })
    }

    pub(super) async fn export(
        mut self,
        request: ExportTraceServiceRequest,
    ) -> Result<ExportTraceServiceResponse, Failure> {
        let mut request = Request::new(request);
        *request.metadata_mut() = MetadataMap::from_headers(self.headers.clone());
        match self.client.export(request).await {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) => Err(failure(&status, &self.headers)),
        }
    }
}

fn failure(status: &Status, headers: &HeaderMap) -> Failure {
    let message = quote(status.message(), headers);
    let reason = format!("the receiver answered {:?}: {message}", status.code());
    let info = status.get_details_retry_info();
    let retry_after = info.and_then(|info| info.retry_delay);
    match status.code() {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => Failure::transient(reason, retry_after),
        // The receiver says with the delay that it can recover.
        Code::ResourceExhausted if retry_after.is_some() => Failure::transient(reason, retry_after),
        _ => Failure::permanent(reason),
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn only_the_codes_of_the_specification_are_tried_again() {
        let delay = Some(Duration::from_secs(7));
        let asked =
            |code| Status::with_error_details(code, "", ErrorDetails::with_retry_info(delay));
        for (status, transient, retry_after) in [
            (Status::new(Code::Unavailable, ""), true, None),
            (asked(Code::Unavailable), true, delay),
            (Status::new(Code::ResourceExhausted, ""), false, None),
            (asked(Code::ResourceExhausted), true, delay),
            (Status::new(Code::InvalidArgument, ""), false, None),
            (Status::new(Code::Unauthenticated, ""), false, None),
        ] {
            let found = failure(&status, &HeaderMap::new());
            let reason = found.to_string();
            let expected = if transient {
                Failure::transient(reason, retry_after)
            } else {
                Failure::permanent(reason)
            };
            assert_eq!(found, expected, "{status:?}");
        }
    }
}
