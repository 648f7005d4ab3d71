// SPDX-License-Identifier: BSL-1.0
// The kit for stores of tokens: the one in files passes, and each fault of another is found by its case.

#include <clarify/auth/file_token_store.hpp>
#include <clarify/auth/token_store.hpp>
#include <clarify/core/timer.hpp>
#include <clarify/testing/check_token_store.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <doctest/doctest.h>
#include <support/temporary_directory.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace token_store_conformance_test {

namespace {

using namespace clarify;
using namespace std::chrono_literals;
namespace asio = boost::asio;

enum class StoreFault {
    none,
    invents,
    own_place,
    forgets_life,
    forgets_age,
    hides_while_locked,
    cuts,
    keeps_tail,
    ignores_scope,
    joins_members,
    lock_of_object,
    lock_waits,
    one_lock,
    short_lease,
    never_frees,
    never_frees_written,
    wait_ignores_limit,
    wait_outlasts,
    wait_rests_not,
    wait_goes_on,
    tears,
    lends_twice,
};

struct Place {
    std::mutex mutex;
    std::map<std::string, StoredToken> tokens;
    /// With when they were taken.
    std::map<std::string, TimePoint> locked;
};

/// A store in memory, with a fault.
class FaultyStore {
public:
    FaultyStore(std::shared_ptr<Place> place, StoreFault fault)
        : place_(std::move(place)), fault_(fault) {
        if (fault == StoreFault::own_place) place_ = std::make_shared<Place>();
    }

    asio::awaitable<Result<std::optional<StoredToken>>> read(
        const asio::any_io_executor&, const TokenKey& key) {
        const std::lock_guard lock{place_->mutex};
        const auto at = place_->tokens.find(name(key));
        std::optional<StoredToken> found;
        if (at != place_->tokens.end()) found = at->second;
        if (fault_ == StoreFault::invents && !found) found.emplace();
        if (fault_ == StoreFault::hides_while_locked && place_->locked.contains(name(key)))
            found.reset();
        if (fault_ == StoreFault::forgets_life && found) found->lifetime = 300s;
        if (fault_ == StoreFault::forgets_age && found) found->issued -= 10s;
        co_return found;
    }
    asio::awaitable<Result<TokenLease>> try_lock(
        const asio::any_io_executor& executor, const TokenKey& key) {
        const std::string place = lock_name(key);
        std::unique_lock lock{place_->mutex};
        auto [at, is_free] = place_->locked.try_emplace(place, Clock::now());
        if (!is_free && fault_ == StoreFault::short_lease && Clock::now() - at->second > 1ms)
            is_free = true;
        if (!is_free && fault_ == StoreFault::lends_twice && is_shared()) is_free = true;
        const bool waits = !is_free && fault_ == StoreFault::lock_waits && place_->tokens.empty();
        lock.unlock();
        if (waits) {
            Timer timer{executor, Clock::now() + 1'200ms};
            co_await timer.async_wait(asio::as_tuple(asio::deferred));
        }
        if (!is_free) co_return TokenLease{};
        co_return TokenLease{place_.get(), [kept = place_, place, fault = fault_](void*) {
                                 const std::lock_guard held{kept->mutex};
                                 const bool stays = kept->tokens.empty()
                                     ? fault == StoreFault::never_frees
                                     : fault == StoreFault::never_frees_written &&
                                         kept->tokens.begin()->second.token.expose() == "token";
                                 if (!stays) kept->locked.erase(place);
                             }};
    }
    asio::awaitable<Result<void>> write(
        const asio::any_io_executor&,
        const TokenKey& key,
        const StoredToken& token,
        const TokenLease&) {
        const std::lock_guard lock{place_->mutex};
        StoredToken& there = place_->tokens[name(key)];
        const std::string before{there.token.expose()};
        there = token;
        std::string text{token.token.expose()};
        if (fault_ == StoreFault::cuts && text.size() > 4'096) text.resize(4'096);
        if (fault_ == StoreFault::keeps_tail && before.size() > text.size())
            text += before.substr(text.size());
        if (fault_ == StoreFault::tears && before.size() == text.size())
            text = text.substr(0, text.size() / 2) + before.substr(text.size() / 2);
        there.token = Secret{std::move(text)};
        co_return Result<void>{};
    }
    asio::awaitable<void> wait(
        const asio::any_io_executor& executor, const TokenKey& key, TimePoint until) {
        if (fault_ == StoreFault::wait_rests_not) co_return;
        if (fault_ == StoreFault::wait_goes_on)
            co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        if (fault_ == StoreFault::wait_ignores_limit) until += 2s;
        for (;;) {
            bool is_over = Clock::now() >= until;
            if (fault_ != StoreFault::wait_outlasts) {
                const std::lock_guard lock{place_->mutex};
                is_over = is_over || !place_->locked.contains(lock_name(key));
            }
            if (is_over) co_return;
            Timer timer{executor, (std::min)(until, Clock::now() + 3ms)};
            const auto [ec] = co_await timer.async_wait(asio::as_tuple(asio::deferred));
            if (ec) co_return;
        }
    }

private:
    /// By two threads.
    bool is_shared() const {
        return !place_->tokens.empty() && place_->tokens.begin()->second.token.size() == 4'000;
    }
    std::string name(const TokenKey& key) const {
        const std::string scope = fault_ == StoreFault::ignores_scope ? "" : key.scope;
        const char* const between = fault_ == StoreFault::joins_members ? "" : "\n";
        return key.token_url + between + key.client_id + between + key.audience + between + scope;
    }
    std::string lock_name(const TokenKey& key) const {
        if (fault_ == StoreFault::one_lock) return "all";
        std::ostringstream own;
        if (fault_ == StoreFault::lock_of_object) own << static_cast<const void*>(this);
        return own.str() + name(key);
    }

    std::shared_ptr<Place> place_;
    StoreFault fault_;
};

testing::ConformanceReport check_faulty(StoreFault fault) {
    const auto place = std::make_shared<std::shared_ptr<Place>>();
    return testing::check_token_store(
        [=] {
            *place = std::make_shared<Place>();
            return FaultyStore{*place, fault};
        },
        [=] {
            return FaultyStore{*place, fault};
        });
}

}  // namespace

TEST_CASE("token store kit: the store in files keeps its contract") {
    const support::TemporaryDirectory folder;
    int made = 0;
    const auto report = testing::check_token_store(
        [&] { return FileTokenStore{folder / std::to_string(++made)}; },
        [&] { return FileTokenStore{folder / std::to_string(made)}; });
    INFO(report);
    CHECK(report.passed());
    CHECK(report.not_judged().empty());
}

TEST_CASE("token store kit: each fault is found by the case about it, and by no other") {
    struct Expected {
        StoreFault fault;
        std::vector<std::string> cases;
    };
    const std::vector<Expected> all{
        {StoreFault::none, {}},
        {StoreFault::forgets_life, {"read.age"}},
        {StoreFault::forgets_age, {"read.age"}},
        {StoreFault::hides_while_locked, {"read.locked"}},
        {StoreFault::cuts, {"write.whole"}},
        {StoreFault::keeps_tail, {"write.replaces"}},
        {StoreFault::ignores_scope, {"write.keys"}},
        {StoreFault::joins_members, {"write.keys"}},
        {StoreFault::lock_waits, {"lock.one"}},
        {StoreFault::one_lock, {"lock.keys"}},
        {StoreFault::never_frees, {"lock.free"}},
        {StoreFault::never_frees_written, {"lock.free", "wait.news"}},
        {StoreFault::wait_ignores_limit, {"wait.limit"}},
        {StoreFault::wait_outlasts, {"wait.news"}},
        {StoreFault::wait_rests_not, {"wait.rests"}},
        {StoreFault::wait_goes_on, {"wait.cancel"}},
        {StoreFault::tears, {"share.threads"}},
        {StoreFault::lends_twice, {"share.threads"}},
    };
    for (const Expected& expected : all) {
        const auto report = check_faulty(expected.fault);
        INFO(static_cast<int>(expected.fault));
        INFO(report);
        CHECK(report.failed() == expected.cases);
        CHECK(report.not_judged().empty());
    }
    // Others go by these.
    for (const auto& [fault, case_name] :
         {std::pair{StoreFault::invents, "read.none"},
          {StoreFault::own_place, "read.other"},
          {StoreFault::lock_of_object, "lock.one"},
          {StoreFault::short_lease, "lock.copies"}}) {
        const std::vector<std::string> failed = check_faulty(fault).failed();
        const std::string name = case_name;
        INFO(name);
        CHECK(std::find(failed.begin(), failed.end(), name) != failed.end());
    }
}

}  // namespace token_store_conformance_test
