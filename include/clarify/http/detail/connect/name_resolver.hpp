// SPDX-License-Identifier: BSL-1.0
// Brings the answer of a name look-up back to whoever waits for it on an execution context.

#ifndef CLARIFY_HTTP_DETAIL_CONNECT_NAME_RESOLVER_HPP
#define CLARIFY_HTTP_DETAIL_CONNECT_NAME_RESOLVER_HPP

#include <clarify/core/detail/process.hpp>
#include <clarify/core/detail/way_back.hpp>
#include <clarify/http/detail/connect/name_look_ups.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
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

/// Somebody on an execution context who waits for an answer, which comes to nobody if the context goes
/// before.
class NameQuestion final : public NameLookUps::Asker,
                           public WayBack<boost::system::error_code, std::vector<NameEntry>> {
public:
    NameQuestion(boost::asio::any_io_executor executor, std::uint16_t port, Function handler)
        : WayBack(std::move(executor), std::move(handler)), port_(port) {}

    void answered(const NameAnswer& answer) noexcept override {
        constexpr std::chrono::milliseconds memory_pause{10};
        std::vector<NameEntry> entries;
        while (!note(answer, entries))
            std::this_thread::sleep_for(memory_pause);
        take(answer.error, entries);
    }

private:
    bool note(const NameAnswer& answer, std::vector<NameEntry>& entries) const noexcept {
        try {
            entries.clear();
            for (const boost::asio::ip::address& address : answer.addresses)
                entries.push_back({{address, port_}});
            return true;
        } catch (const std::bad_alloc&) {
            return false;
        }
    }
    /// The thread that looks the name up is the parent's: whoever waits here asks once more.
    void context_forked() noexcept override {
        try_take(boost::asio::error::host_not_found_try_again, {});
    }

    std::uint16_t port_;
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
            if (!question->try_take(boost::asio::error::host_not_found_try_again, {}))
                throw std::bad_alloc{};
        }
    }

private:
    boost::asio::any_io_executor executor_;
    NameLookUps* look_ups_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CONNECT_NAME_RESOLVER_HPP
