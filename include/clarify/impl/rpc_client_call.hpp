// SPDX-License-Identifier: BSL-1.0
// What a client keeps of a call: the request, the handler, and how a reply becomes the result.

#ifndef CLARIFY_IMPL_RPC_CLIENT_CALL_HPP
#define CLARIFY_IMPL_RPC_CLIENT_CALL_HPP

#include <clarify/core/call_scope.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/detail/decode_time.hpp>
#include <clarify/core/detail/json_hooks.hpp>
#include <clarify/core/detail/json_reader.hpp>
#include <clarify/core/detail/memory_budget.hpp>
#include <clarify/detail/reply_text.hpp>
#include <clarify/rpc_client.hpp>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/recycling_allocator.hpp>

#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace clarify {

namespace detail {

template <class R>
inline constexpr bool is_batch_result = false;
template <class R>
inline constexpr bool is_batch_result<BatchResult<R>> = true;

}  // namespace detail

/// A call with its completion handler and result type, shared by the engine and the cancellation
/// slot.
template <HttpBackend Backend, AuthPolicy Auth, JsonCodec Codec>
template <class R, class Handler>
class RpcClient<Backend, Auth, Codec>::Call final : public detail::CallRecord,
                                                    public detail::ScopeMember {
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
        ends = detail::end_of_call(options, engine_->options().call_timeout, started);
        if (!error && ends <= started) {
            error = Error{
                Errc::timeout, Reason::none, "the time of the call had run out before it began"};
        }
    }

    void begin() {
        auto self = std::static_pointer_cast<Call>(shared_from_this());
        handler_.attend(self);
        if (!error && handler_.is_cancelled())
            error = Error{Errc::cancelled, Reason::none, "the caller was cancelled before"};
        if (options.scope && !error && !join(*options.scope, self))
            error = Error{Errc::cancelled, Reason::none, "the scope of the call was cancelled"};
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

    std::optional<TimePoint> due(TimePoint now) noexcept override {
        return engine_->due(*this, now);
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
    static bool join(const CallScope& scope, const std::shared_ptr<Call>& self) {
        return scope.members()->add(std::shared_ptr<detail::ScopeMember>{self});
    }
    void scope_cancelled() noexcept override {
        try {
            engine_->cancel(
                std::static_pointer_cast<Call>(shared_from_this()),
                boost::asio::cancellation_type::terminal);
        } catch (...) {  // NOLINT(bugprone-empty-catch): then its deadline ends it
        }
    }
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
        } else {
            detail::DecodeTime time{ends, engine_->options().clock.get()};
            detail::MemoryBudget memory = budget();
            memory.obey(time);
            return decode_within(memory);
        }
    }

    Result<R> decode_within(detail::MemoryBudget& memory) {
        if constexpr (detail::is_batch_result<R>) {
            using Value = typename R::value_type::value_type;
            std::vector<Result<Value>> slots;
            slots.reserve(batch->slots.size());
            for (rpc::BatchSlot& slot : batch->slots) {
                if (slot.error) {
                    slots.push_back(std::move(*slot.error));
                } else {
                    slots.push_back(decode_one<Value>(slot.result, memory));
                }
            }
            return R{std::move(slots), std::move(batch->violation)};
        } else {
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
                // It is not interrupted, but need not begin.
                memory.time()->spend(text.size());
                Result<Value> value{boost::system::in_place_value};
                const Result<void> read = read_json_text(text, *value);
                if (!read) return undecoded(read.error());
                return value;
            } else {
                Result<Value> value = decode_by_codec<Value>(text, memory);
                if (!value) return undecoded(value.error());
                return value;
            }
        } catch (const detail::DecodeTimeUp& up) {
            return complete(Error{Errc::timeout, Reason::none, up.what()});
        } catch (const std::bad_alloc&) {
            return complete(Error{Errc::internal, Reason::resource});
        } catch (...) {
            return complete(Error{Errc::decode, Reason::exception, "the JSON codec threw"});
        }
    }

    template <class Value>
    Result<Value> decode_by_codec(std::string_view text, detail::MemoryBudget& memory) {
        if constexpr (requires { codec_->template decode<Value>(text, memory); }) {
            return codec_->template decode<Value>(text, memory);
        } else {
            memory.time()->spend(text.size());
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

}  // namespace clarify

#endif  // CLARIFY_IMPL_RPC_CLIENT_CALL_HPP
