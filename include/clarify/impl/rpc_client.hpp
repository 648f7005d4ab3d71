// SPDX-License-Identifier: BSL-1.0
// How a client is made and ended, and what it keeps of a call: the request, the handler, the result.

#ifndef CLARIFY_IMPL_RPC_CLIENT_HPP
#define CLARIFY_IMPL_RPC_CLIENT_HPP

#include <clarify/core/detail/json_hooks.hpp>
#include <clarify/core/detail/json_reader.hpp>
#include <clarify/core/detail/memory_budget.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/detail/method_table.hpp>
#include <clarify/detail/reply_text.hpp>
#include <clarify/json/json_codec_options.hpp>
#include <clarify/rpc_client.hpp>

#include <boost/asio/recycling_allocator.hpp>

#include <algorithm>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace clarify {
namespace detail {

template <class R>
inline constexpr bool is_batch_result = false;
template <class R>
inline constexpr bool is_batch_result<BatchResult<R>> = true;

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
          options,
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
        JsonCodecOptions json;
        json.max_parse_memory = options.max_json_memory;
        // What is less deep the client finds before it decodes; parameters keep their depth.
        json.max_depth = (std::max)(json.max_depth, options.max_json_depth);
        return Codec{json};
    } else {
        return Codec();
    }
}

/// A call with its completion handler and result type, shared by the engine and the cancellation
/// slot.
template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
template <class R, class Handler>
class RpcClient<Backend, Auth, Codec>::Call final : public detail::CallRecord {
public:
    Call(
        Handler handler,
        std::shared_ptr<Engine> engine,
        std::shared_ptr<const Codec> codec,
        detail::PreparedCall prepared)
        : engine_(std::move(engine)),
          codec_(std::move(codec)),
          handler_(std::move(handler), engine_->executor(), engine_->context_link()) {
        buffers = std::move(prepared.buffers);
        options = std::move(prepared.options);
        id = prepared.id;
        notification = prepared.notification;
        batch = std::move(prepared.batch);
        error = std::move(prepared.error);
        operation = std::move(prepared.operation);
        started = engine_->time();
        deadline =
            detail::time_after(started, options.timeout.value_or(engine_->options().call_timeout));
    }

    void begin() {
        auto self = std::static_pointer_cast<Call>(shared_from_this());
        handler_.attend(self);
        handler_.watch_cancellation(
            [](std::shared_ptr<Call> call, boost::asio::cancellation_type_t type) {
                Engine& engine = *call->engine_;
                engine.cancel(std::move(call), type);
            });
        engine_->submit(std::move(self));
    }

    void finish() override {
        if (!handler_.post(std::static_pointer_cast<Call>(shared_from_this())))
            throw std::bad_alloc{};
    }

    void task_gone() noexcept override {
        if (concluded) return;
        engine_->abandon(std::static_pointer_cast<Call>(shared_from_this()));
    }

    void decode_now() noexcept override {
        outcome_.emplace(decode());
        if (!*outcome_) error = outcome_->error();
    }

    /// Calls the handler, on its executor. What the call held is free again before that, for it may
    /// start the next one at once.
    static void deliver(std::shared_ptr<Call> self) {
        Result<R> outcome = self->outcome();
        self->engine_->buffers().give_back(std::move(self->buffers));
        detail::PendingHandler<Call, Handler>::call(
            std::move(self), &Call::handler_, std::move(outcome));
    }
    static void undelivered(std::shared_ptr<Call> self) noexcept {
        // What is lost may be the last to own it.
        const auto engine = self->engine_;
        engine->undelivered(std::move(self));
    }

private:
    Result<R> outcome() noexcept {
        if (outcome_ && !error) return std::move(*outcome_);
        return decode();
    }
    Result<R> decode() noexcept {
        try {
            return decode_all();
        } catch (...) {
            // Without words, which would take memory.
            Error failure{Errc::internal, Reason::resource};
            return failure.set_phase(Phase::decode)
                .set_fate(Fate::answered)
                .set_attempts(course.attempts())
                .set_http_status(buffers->response.status);
        }
    }

    Result<R> decode_all() {
        if (error) return std::move(*error);
        if constexpr (std::is_void_v<R>) {
            return {};
        } else if constexpr (detail::is_batch_result<R>) {
            using Value = typename R::value_type::value_type;
            std::vector<Result<Value>> slots;
            slots.reserve(batch->slots.size());
            detail::MemoryBudget memory = budget();
            for (rpc::BatchSlot& slot : batch->slots) {
                if (slot.error) {
                    slots.push_back(std::move(*slot.error));
                } else {
                    slots.push_back(decode_one<Value>(slot.result, memory));
                }
            }
            return R{std::move(slots), std::move(batch->violation)};
        } else {
            detail::MemoryBudget memory = budget();
            return decode_one<R>(result, memory);
        }
    }

    /// What all of the reply may be decoded into.
    detail::MemoryBudget budget() const {
        if constexpr (requires(detail::MemoryBudget memory) { memory = codec_->budget(); }) {
            return codec_->budget();
        } else {
            return detail::MemoryBudget{engine_->options().max_json_memory};
        }
    }

    template <class Value>
    Result<Value> decode_one(std::string_view text, detail::MemoryBudget& memory) {
        const auto complete = [this](Error failure) {
            return failure.set_phase(Phase::decode)
                .set_fate(Fate::answered)
                .set_attempts(course.attempts())
                .set_http_status(buffers->response.status);
        };
        const auto undecoded = [&](const Error& failure) {
            const detail::Scrubber scrubber{
                sent_with ? sent_with->expose() : std::string_view{}, kept};
            return complete(
                detail::without_place(detail::or_else(failure, Errc::decode), text, scrubber));
        };
        try {
            if constexpr (detail::ReadsFromReader<Value>) {
                Result<Value> value{boost::system::in_place_value};
                detail::JsonReader in{text, detail::json_depth_ceiling, &memory};
                if (!in.document([&] { return read_json(in, *value); }))
                    return undecoded(in.error(Errc::decode));
                return value;
            } else if constexpr (detail::ReadsOwnJson<Value>) {
                Result<Value> value{boost::system::in_place_value};
                const Result<void> read = read_json_text(text, *value);
                if (!read) return undecoded(read.error());
                return value;
            } else {
                Result<Value> value = decode_by_codec<Value>(text, memory);
                if (!value) return undecoded(value.error());
                return value;
            }
        } catch (const std::bad_alloc&) {
            return complete(Error{Errc::internal, Reason::resource});
        } catch (...) {
            return complete(Error{Errc::decode, Reason::exception, "the JSON codec threw"});
        }
    }

    template <class Value>
    Result<Value> decode_by_codec(
        std::string_view text, [[maybe_unused]] detail::MemoryBudget& memory) {
        if constexpr (requires { codec_->template decode<Value>(text, memory); }) {
            return codec_->template decode<Value>(text, memory);
        } else {
            return codec_->template decode<Value>(text);
        }
    }

    std::shared_ptr<Engine> engine_;
    std::shared_ptr<const Codec> codec_;
    /// Where it was decoded before it was to be delivered.
    std::optional<Result<R>> outcome_;
    detail::PendingHandler<Call, Handler> handler_;
};

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
template <class R>
struct RpcClient<Backend, Auth, Codec>::Initiate {
    template <class Handler>
    void operator()(
        Handler&& handler,
        std::shared_ptr<Engine> engine,
        std::shared_ptr<const Codec> codec,
        detail::PreparedCall prepared) const {
        using Operation = Call<R, std::decay_t<Handler>>;
        auto call = std::allocate_shared<Operation>(
            boost::asio::recycling_allocator<void>{},
            std::forward<Handler>(handler),
            std::move(engine),
            std::move(codec),
            std::move(prepared));
        call->begin();
    }
};

/// A wait for the end of the last call, shared by the engine and the cancellation slot.
template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
template <class Handler>
class RpcClient<Backend, Auth, Codec>::Drain final
    : public detail::DrainWait,
      public std::enable_shared_from_this<Drain<Handler>> {
public:
    Drain(Handler handler, std::shared_ptr<Engine> engine)
        : engine_(std::move(engine)),
          handler_(std::move(handler), engine_->executor(), engine_->context_link()) {}

    void begin(std::chrono::milliseconds limit) {
        const auto self = this->shared_from_this();
        handler_.attend(self);
        handler_.watch_cancellation(
            [](std::shared_ptr<Drain> wait, boost::asio::cancellation_type_t) {
                Engine& engine = *wait->engine_;
                engine.forget(std::move(wait));
            });
        engine_->drain(limit, self);
    }

    void finish() override {
        if (!handler_.post(this->shared_from_this())) throw std::bad_alloc{};
    }

    /// Calls the handler, on its executor.
    static void deliver(std::shared_ptr<Drain> self) {
        Result<void> outcome;
        if (self->error) outcome = *self->error;
        detail::PendingHandler<Drain, Handler>::call(
            std::move(self), &Drain::handler_, std::move(outcome));
    }
    static void undelivered(std::shared_ptr<Drain> self) noexcept {
        const auto engine = self->engine_;
        engine->undelivered(std::move(self));
    }

private:
    // Until the wait is over; the engine lets go of it in any case.
    std::shared_ptr<Engine> engine_;
    detail::PendingHandler<Drain, Handler> handler_;
};

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
struct RpcClient<Backend, Auth, Codec>::InitiateDrain {
    template <class Handler>
    void operator()(
        Handler&& handler,
        const std::shared_ptr<Engine>& engine,
        std::chrono::milliseconds limit) const {
        auto wait =
            std::make_shared<Drain<std::decay_t<Handler>>>(std::forward<Handler>(handler), engine);
        wait->begin(limit);
    }
};

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
    if (outcome) outcome = check_time(options);
    if (!outcome) prepared.error = detail::or_else(outcome.error(), Errc::bad_argument);
    prepared.options = std::move(options);
    return prepared;
}

template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
Result<void> RpcClient<Backend, Auth, Codec>::check_time(const CallOptions& options) {
    if (!options.timeout || options.timeout->count() > 0) return {};
    return Error{Errc::timeout, Reason::none, "the time of the call had run out before it began"};
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
    if (outcome) outcome = check_time(options);
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
