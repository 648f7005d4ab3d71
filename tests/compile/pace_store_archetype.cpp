// SPDX-License-Identifier: BSL-1.0
// The smallest store of a shared pace, a client that uses it, and near misses.

#include <clarify/client_options.hpp>
#include <clarify/pace/file_pace_store.hpp>
#include <clarify/pace/pace_store.hpp>

namespace {

class Store {
public:
    Store(Store&&) = default;
    Store& operator=(Store&&) = delete;
    static Store make() { return Store{}; }

    boost::asio::awaitable<clarify::Result<clarify::PaceSlot>> reserve(
        const boost::asio::any_io_executor&, const clarify::PaceKey&, const clarify::PaceTerms&) {
        co_return clarify::Error{clarify::Errc::connect};
    }

private:
    Store() = default;
};

/// Says when the slot is, and not whether there is one.
class WithoutFailure {
public:
    boost::asio::awaitable<clarify::PaceSlot> reserve(
        const boost::asio::any_io_executor&, const clarify::PaceKey&, const clarify::PaceTerms&);
};

/// Blocks.
class WithoutWaiting {
public:
    clarify::Result<clarify::PaceSlot> reserve(
        const boost::asio::any_io_executor&, const clarify::PaceKey&, const clarify::PaceTerms&);
};

static_assert(clarify::PaceStore<Store>);
static_assert(clarify::PaceStore<clarify::FilePaceStore>);
static_assert(!clarify::PaceStore<WithoutFailure>);
static_assert(!clarify::PaceStore<WithoutWaiting>);
static_assert(!clarify::PaceStore<clarify::AnyPaceStore>);

}  // namespace

clarify::ClientOptions options_with_the_archetype() {
    clarify::ClientOptions options;
    options.pace.store = Store::make();
    return options;
}
