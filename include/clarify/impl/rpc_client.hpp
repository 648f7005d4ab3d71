// SPDX-License-Identifier: BSL-1.0
// How a client is made and ended, and how it begins calls.

#ifndef CLARIFY_IMPL_RPC_CLIENT_HPP
#define CLARIFY_IMPL_RPC_CLIENT_HPP

#include <clarify/core/detail/time_span.hpp>
#include <clarify/detail/method_table.hpp>
#include <clarify/json/json_codec_options.hpp>
#include <clarify/rpc_client.hpp>

#include <algorithm>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <clarify/impl/rpc_client_call.hpp>

namespace clarify {

namespace detail {

inline ClientOptions for_integration(ClientOptions options, const Credentials& credentials) {
    if (options.pace.integration.empty()) options.pace.integration = credentials.integration();
    return options;
}

}  // namespace detail

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
RpcClient<Backend, Auth, Codec>::RpcClient(
    executor_type executor,
    const Credentials& credentials,
    ClientOptions options) requires std::constructible_from<Backend, HttpOptions> &&
    std::constructible_from<Auth, CredentialsAuth> && std::default_initializable<Codec>
    : RpcClient(
          std::move(executor),
          credentials.rpc_url(),
          make_backend(options),
          Auth{credentials.auth(options.token)},
          detail::for_integration(options, credentials),
          make_codec(options)) {
    batches_ = false;
}

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
RpcClient<Backend, Auth, Codec>::RpcClient(
    executor_type executor,
    Url endpoint,
    Backend backend,
    Auth auth,
    ClientOptions options,
    Codec codec)
    : engine_(std::make_shared<Engine>(
          std::move(executor),
          std::move(endpoint),
          std::move(options),
          std::move(backend),
          std::move(auth))),
      codec_(std::make_shared<const Codec>(std::move(codec))) {}

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
RpcClient<Backend, Auth, Codec>::RpcClient(const RpcClient& other, Shared)
    : engine_(other.engine_),
      codec_(other.codec_),
      operation_(
          other.operation_ ? other.operation_ : std::make_shared<detail::Operation>(other.engine_)),
      batches_(other.batches_),
      owner_(false) {}

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
RpcClient<Backend, Auth, Codec>& RpcClient<Backend, Auth, Codec>::operator=(
    RpcClient&& other) noexcept {
    if (this != &other) {
        if (owner_) close();
        engine_ = std::move(other.engine_);
        codec_ = std::move(other.codec_);
        operation_ = std::move(other.operation_);
        batches_ = other.batches_;
        owner_ = other.owner_;
    }
    return *this;
}

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
RpcClient<Backend, Auth, Codec>::~RpcClient() {
    if (owner_) close();
}

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
void RpcClient<Backend, Auth, Codec>::close() noexcept {
    if (engine_) engine_->shut_down();
}

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
void RpcClient<Backend, Auth, Codec>::close(std::chrono::milliseconds limit) {
    if (engine_) engine_->drain(limit, nullptr);
}

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
Backend RpcClient<Backend, Auth, Codec>::make_backend(
    const ClientOptions& options) requires std::constructible_from<Backend, HttpOptions> {
    HttpOptions http = options.http;
    if (!http.observer) http.observer = options.observer;
    return Backend{std::move(http)};
}

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
Codec RpcClient<Backend, Auth, Codec>::make_codec([[maybe_unused]] const ClientOptions& options) {
    if constexpr (std::constructible_from<Codec, JsonCodecOptions>) {
        JsonCodecOptions limits;
        limits.max_parse_memory = options.max_json_memory;
        // What is less deep the client finds before it decodes; parameters keep their depth.
        limits.max_depth = (std::max)(limits.max_depth, options.max_json_depth);
        return Codec{limits};
    } else {
        return Codec();
    }
}

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
template <class R, class Token>
auto RpcClient<Backend, Auth, Codec>::start(detail::PreparedCall prepared, Token&& token) {
    return detail::async_operation<Result<R>>(
        std::forward<Token>(token), Initiate<R>{}, engine_, codec_, std::move(prepared));
}

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
Result<void> RpcClient<Backend, Auth, Codec>::check(const CallOptions& options) const {
    if (Result<void> headers = options.headers.check(); !headers) return headers;
    if (!detail::is_field_value(options.traceparent)) {
        return Error{Errc::bad_argument, Reason::header, "traceparent is not a valid header value"};
    }
    if (options.api_version && !detail::is_field_value(options.api_version->selector())) {
        return Error{Errc::bad_argument, Reason::header, "api_version is not a valid header value"};
    }
    if (options.attempts && *options.attempts == 0)
        return Error{Errc::bad_argument, Reason::out_of_range, "attempts is 0"};
    return {};
}

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
template <class Params>
detail::PreparedCall RpcClient<Backend, Auth, Codec>::prepare(
    std::string_view method, const Params& params, CallOptions options, bool notification) const {
    detail::PreparedCall prepared;
    prepared.buffers = engine_->buffers().take();
    prepared.buffers->method = method;
    prepared.notification = notification;
    prepared.id = engine_->next_id();
    prepared.operation = operation_;
    Result<void> outcome = check(options);
    if (outcome) {
        std::string& body = prepared.buffers->request;
        try {
            outcome = notification ? rpc::write_notification(body, method, params, *codec_)
                                   : rpc::write_request(body, method, prepared.id, params, *codec_);
        } catch (const std::bad_alloc&) {
            outcome = Error{Errc::internal, Reason::resource};
        } catch (...) {
            outcome = Error{Errc::bad_argument, Reason::exception, "the JSON codec threw"};
        }
        if (outcome) outcome = check_size(body.size());
    }
    if (!outcome) prepared.error = detail::or_else(outcome.error(), Errc::bad_argument);
    prepared.options = std::move(options);
    return prepared;
}

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
Result<void> RpcClient<Backend, Auth, Codec>::check_size(std::size_t size) const {
    const std::size_t limit = engine_->options().max_request_body;
    if (size <= limit) return {};
    return Error{
        Errc::bad_argument,
        Reason::request,
        "the request has " + std::to_string(size) + " bytes, the limit is " +
            std::to_string(limit)};
}

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
detail::PreparedCall RpcClient<Backend, Auth, Codec>::prepare_batch(
    Batch batch, CallOptions options) const {
    detail::PreparedCall prepared;
    prepared.buffers = engine_->buffers().take();
    prepared.buffers->method = "batch of " + std::to_string(batch.size());
    prepared.id = engine_->next_id();
    prepared.operation = operation_;
    prepared.notification = batch.slots().empty();
    prepared.batch = std::make_unique<detail::BatchState>();
    prepared.batch->slots = std::move(batch.slots());
    prepared.buffers->request = std::move(batch.text());
    prepared.buffers->request += ']';

    Result<void> outcome = check(options);
    if (!batches_) {
        outcome = Error{Errc::bad_argument, Reason::batch, "the Clarify API has no batches"};
    } else if (batch.empty()) {
        outcome = Error{Errc::bad_argument, Reason::batch, "the batch is empty"};
    } else if (batch.error()) {
        outcome = *batch.error();
    } else if (outcome) {
        outcome = check_size(prepared.buffers->request.size());
    }
    if (!outcome) prepared.error = outcome.error();
    if (!options.idempotent) {
        const std::vector<std::string>& methods = batch.methods();
        options.idempotent =
            std::all_of(methods.begin(), methods.end(), [](const std::string& method) {
                return detail::is_idempotent(method);
            });
    }
    prepared.options = std::move(options);
    return prepared;
}

}  // namespace clarify

#endif  // CLARIFY_IMPL_RPC_CLIENT_HPP
