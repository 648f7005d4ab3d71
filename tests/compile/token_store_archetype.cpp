// SPDX-License-Identifier: BSL-1.0
// The smallest store of tokens, in the options and under the kit.

#include <clarify/auth/token_options.hpp>
#include <clarify/auth/token_store.hpp>
#include <clarify/testing/check_token_store.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <optional>

namespace {

/// Movable, with the four members that the concept asks for, and nothing else.
class Archetype {
public:
    Archetype(Archetype&&) = default;
    Archetype& operator=(Archetype&&) = delete;

    static Archetype make() { return Archetype{}; }

    boost::asio::awaitable<clarify::Result<std::optional<clarify::StoredToken>>> read(
        const boost::asio::any_io_executor&, const clarify::TokenKey&) {
        co_return std::optional<clarify::StoredToken>{};
    }
    boost::asio::awaitable<clarify::Result<clarify::TokenLease>> try_lock(
        const boost::asio::any_io_executor&, const clarify::TokenKey&) {
        co_return clarify::TokenLease{};
    }
    boost::asio::awaitable<clarify::Result<void>> write(
        const boost::asio::any_io_executor&,
        const clarify::TokenKey&,
        const clarify::StoredToken&,
        const clarify::TokenLease&) {
        co_return clarify::Result<void>{};
    }
    boost::asio::awaitable<void> wait(
        const boost::asio::any_io_executor&, const clarify::TokenKey&, clarify::TimePoint) {
        co_return;
    }

private:
    Archetype() = default;
};

static_assert(clarify::TokenStore<Archetype>);

}  // namespace

clarify::TokenOptions options_with_the_archetype() {
    clarify::TokenOptions options;
    options.store = Archetype::make();
    return options;
}

clarify::testing::ConformanceReport check_the_archetype() {
    return clarify::testing::check_token_store(&Archetype::make, &Archetype::make);
}
