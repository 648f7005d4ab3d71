// SPDX-License-Identifier: BSL-1.0
// The definitions that CLARIFY_SEPARATE_COMPILATION leaves out of the headers: include this in
// exactly one source file of a program, which then takes long to compile so that the others do not.

#ifndef CLARIFY_SRC_HPP
#define CLARIFY_SRC_HPP

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#error "Define CLARIFY_SEPARATE_COMPILATION for every file that includes a clarify header"
#endif

#include <clarify/any_client.hpp>
#include <clarify/api/detail/zone_data.hpp>
#include <clarify/api/evaluate.hpp>
#include <clarify/api/field_errors.hpp>
#include <clarify/api/labels.hpp>
#include <clarify/api/publish.hpp>
#include <clarify/api/selection.hpp>
#include <clarify/api/summaries.hpp>
#include <clarify/api/time_zone.hpp>
#include <clarify/clarify.hpp>
#include <clarify/ingest/detail/gathered_samples.hpp>
#include <clarify/ingest/detail/insert_verdict.hpp>
#include <clarify/ingest/memory_spool.hpp>
#include <clarify/observe/metrics.hpp>

#include <clarify/api/detail/impl/frame_text.hpp>
#include <clarify/api/detail/impl/params.hpp>
#include <clarify/api/detail/impl/resource_check.hpp>
#include <clarify/api/detail/impl/sample_groups.hpp>
#include <clarify/api/detail/impl/sample_parts.hpp>
#include <clarify/api/detail/impl/zone_data.hpp>
#include <clarify/api/impl/data_frame.hpp>
#include <clarify/api/impl/duration.hpp>
#include <clarify/api/impl/evaluate.hpp>
#include <clarify/api/impl/field_errors.hpp>
#include <clarify/api/impl/filter.hpp>
#include <clarify/api/impl/labels.hpp>
#include <clarify/api/impl/publish.hpp>
#include <clarify/api/impl/query.hpp>
#include <clarify/api/impl/resource.hpp>
#include <clarify/api/impl/sample_buffer.hpp>
#include <clarify/api/impl/selection.hpp>
#include <clarify/api/impl/summaries.hpp>
#include <clarify/api/impl/time_zone.hpp>
#include <clarify/api/impl/timestamp.hpp>
#include <clarify/auth/impl/client_credentials.hpp>
#include <clarify/auth/impl/credentials_auth.hpp>
#include <clarify/core/detail/impl/async_op.hpp>
#include <clarify/core/detail/impl/json_scan.hpp>
#include <clarify/core/impl/call_scope.hpp>
#include <clarify/core/impl/connection_lease.hpp>
#include <clarify/core/impl/errc.hpp>
#include <clarify/core/impl/error.hpp>
#include <clarify/core/impl/event.hpp>
#include <clarify/core/impl/header_list.hpp>
#include <clarify/core/impl/http_message.hpp>
#include <clarify/core/impl/http_status.hpp>
#include <clarify/core/impl/retry_after.hpp>
#include <clarify/core/impl/rpc_error.hpp>
#include <clarify/core/impl/secret.hpp>
#include <clarify/core/impl/timer.hpp>
#include <clarify/core/impl/url.hpp>
#include <clarify/detail/impl/engine_base.hpp>
#include <clarify/detail/impl/engine_base_ending.hpp>
#include <clarify/detail/impl/reply.hpp>
#include <clarify/detail/impl/watchdog.hpp>
#include <clarify/http/impl/beast_backend.hpp>
#include <clarify/http/impl/http_options.hpp>
#include <clarify/http/impl/proxy_options.hpp>
#include <clarify/http/impl/tls_options.hpp>
#include <clarify/impl/client_options.hpp>
#include <clarify/impl/credentials.hpp>
#include <clarify/ingest/detail/impl/gathered_samples.hpp>
#include <clarify/ingest/detail/impl/insert_verdict.hpp>
#include <clarify/ingest/impl/memory_spool.hpp>
#include <clarify/observe/impl/metrics.hpp>
#include <clarify/observe/impl/metrics_text.hpp>

namespace clarify {

template std::optional<AuthHeader> ClientCredentials::cached<>(AuthContext&);
template boost::asio::awaitable<Result<AuthHeader>> ClientCredentials::authorize<>(
    AuthContext&, TimePoint);
template std::optional<AuthHeader> CredentialsAuth::cached<>(AuthContext&);
template boost::asio::awaitable<Result<AuthHeader>> CredentialsAuth::authorize<>(
    AuthContext&, TimePoint);
template bool CredentialsAuth::rejected<>(AuthContext&, const AuthHeader&);
template boost::asio::awaitable<void> detail::EngineBase::wait_in<>(
    detail::RateLine&, detail::CallRecord&);
template class BasicBeastBackend<detail::TcpNet>;
template class detail::Engine<BeastBackend, CredentialsAuth>;
template class RpcClient<BeastBackend, CredentialsAuth, BoostJsonCodec>;
template class detail::Engine<AnyHttpBackend, AnyAuthPolicy>;
template class RpcClient<AnyHttpBackend, AnyAuthPolicy, BoostJsonCodec>;

}  // namespace clarify

#endif  // CLARIFY_SRC_HPP
