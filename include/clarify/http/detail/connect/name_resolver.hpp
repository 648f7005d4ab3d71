// SPDX-License-Identifier: BSL-1.0
// Brings the answer of a name look-up back to whoever waits for it on an execution context.

#ifndef CLARIFY_HTTP_DETAIL_CONNECT_NAME_RESOLVER_HPP
#define CLARIFY_HTTP_DETAIL_CONNECT_NAME_RESOLVER_HPP

#include <clarify/core/detail/context_link.hpp>
#include <clarify/core/detail/process.hpp>
#include <clarify/http/detail/connect/name_look_ups.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace clarify::detail {

/// An address that a name means, with the port that was asked for.
struct NameEntry {
    boost::asio::ip::tcp::endpoint address;
    boost::asio::ip::tcp::endpoint endpoint() const { return address; }
};

/** Somebody on an execution context who waits for an answer.

    The context may go before the answer comes, and takes the handler and the executor with it: what
    is left here then belongs to no context. Nor is the wait counted as work of the context. Whoever
    waits has a timer for that, and nobody has to stay when he has left.
*/
class NameQuestion final : public NameLookUps::Asker,
                           public std::enable_shared_from_this<NameQuestion>,
                           private ContextLink::Guest {
public:
    using Entries = std::vector<NameEntry>;
    using Handler = std::function<void(boost::system::error_code, const Entries&)>;

    NameQuestion(boost::asio::any_io_executor executor, std::uint16_t port, Handler handler)
        : context_(ContextLink::of(executor)),
          port_(port),
          executor_(std::move(executor)),
          handler_(std::move(handler)) {
        context_->enter(*this);
    }
    NameQuestion(const NameQuestion&) = delete;
    NameQuestion& operator=(const NameQuestion&) = delete;
    ~NameQuestion() override { leave(); }

    void answered(const NameAnswer& answer) noexcept override {
        constexpr std::chrono::milliseconds memory_pause{10};
        while (!deliver(answer))
            std::this_thread::sleep_for(memory_pause);
    }
    /// The same without waiting: false where there was no memory for it.
    bool deliver(const NameAnswer& answer) noexcept {
        bool delivered = true;
        context_->while_there([&] {
            if (!handler_) return;
            try {
                Entries entries;
                entries.reserve(answer.addresses.size());
                for (const boost::asio::ip::address& address : answer.addresses)
                    entries.push_back({{address, port_}});
                boost::asio::post(
                    *executor_,
                    [self = shared_from_this(),
                     error = answer.error,
                     entries = std::move(entries)] {
                        const Handler handler = self->leave();
                        if (handler) handler(error, entries);
                    });
            } catch (...) {
                delivered = false;
            }
        });
        return delivered;
    }

private:
    /// Nothing of the context is held any more.
    Handler leave() noexcept {
        Handler handler;
        context_->leave(*this, [&] {
            handler.swap(handler_);
            executor_.reset();
        });
        return handler;
    }
    void context_gone() noexcept override {
        executor_.reset();
        const Handler dropped = std::exchange(handler_, nullptr);
    }

    std::shared_ptr<ContextLink> context_;
    std::uint16_t port_;
    // Both under the lock of the link.
    std::optional<boost::asio::any_io_executor> executor_;
    Handler handler_;
};

/** Stands where Asio's resolver could: looks names up in threads of the process, not of the context,
    which has but one of them, and waits for it when it is destroyed. */
class NameResolver {
public:
    explicit NameResolver(boost::asio::any_io_executor executor)
        : NameResolver(std::move(executor), of_process<NameLookUps>()) {}
    NameResolver(boost::asio::any_io_executor executor, NameLookUps& look_ups)
        : executor_(std::move(executor)), look_ups_(&look_ups) {}

    /// Has `handler(error_code, entries)` called on the executor, never inside this call; not at all
    /// if the context goes before. `port` is a number; there are no flags.
    template <class Flags, class Handler>
    void async_resolve(const std::string& host, const std::string& port, Flags, Handler handler) {
        std::uint16_t number = 0;
        std::from_chars(port.data(), port.data() + port.size(), number);
        const auto question = std::make_shared<NameQuestion>(executor_, number, std::move(handler));
        try {
            look_ups_->ask(host, question);
        } catch (const std::system_error&) {
            // There may be a thread for it later.
            if (!question->deliver({boost::asio::error::host_not_found_try_again, {}}))
                throw std::bad_alloc{};
        }
    }

private:
    boost::asio::any_io_executor executor_;
    NameLookUps* look_ups_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CONNECT_NAME_RESOLVER_HPP
