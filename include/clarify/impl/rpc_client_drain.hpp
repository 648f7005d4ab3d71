// SPDX-License-Identifier: BSL-1.0
// How somebody waits for the end of the last call of a client.

#ifndef CLARIFY_IMPL_RPC_CLIENT_DRAIN_HPP
#define CLARIFY_IMPL_RPC_CLIENT_DRAIN_HPP

#include <clarify/core/detail/async_op.hpp>
#include <clarify/rpc_client.hpp>

#include <boost/asio/cancellation_type.hpp>

#include <chrono>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace clarify {

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
        if (handler_.is_cancelled()) engine_->forget(self);
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

}  // namespace clarify

#endif  // CLARIFY_IMPL_RPC_CLIENT_DRAIN_HPP
