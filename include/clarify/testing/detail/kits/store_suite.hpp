// SPDX-License-Identifier: BSL-1.0
// The suite behind check_token_store.

#ifndef CLARIFY_TESTING_DETAIL_KITS_STORE_SUITE_HPP
#define CLARIFY_TESTING_DETAIL_KITS_STORE_SUITE_HPP

#include <clarify/auth/token_store.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/core/result.hpp>
#include <clarify/core/secret.hpp>
#include <clarify/testing/conformance.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

inline TokenKey store_key() {
    TokenKey key;
    key.token_url = "https://api.example/v1/oauth/token";
    key.client_id = "id";
    key.audience = "https://api.example/v1/";
    key.scope = "all";
    return key;
}

/// A store with a thread's context; what goes wrong is noted, or thrown.
template <class Store>
class StoreSide {
public:
    StoreSide(Store given, std::vector<std::string>& noted)
        : problems(noted), store_(std::move(given)) {}

    /// Throws where the operation does not end within a minute.
    template <class T>
    T run(boost::asio::awaitable<T> task) {
        std::optional<T> value;
        std::exception_ptr error;
        boost::asio::co_spawn(context_, std::move(task), [&](std::exception_ptr thrown, T result) {
            error = thrown;
            value.emplace(std::move(result));
        });
        context_.restart();
        // Not until there is nothing to do: a store may be about something for as long as a lease lasts.
        const TimePoint until = Clock::now() + std::chrono::minutes{1};
        while (!value && context_.run_one_until(until) != 0) {
        }
        if (error) std::rethrow_exception(error);
        if (!value) throw std::runtime_error{"an operation did not end"};
        return std::move(*value);
    }
    /// Has what was begun go on.
    void settle() {
        context_.restart();
        context_.run_for(std::chrono::seconds{5});
    }

    void expect(bool kept, const char* otherwise) {
        if (!kept) problems.emplace_back(otherwise);
    }
    std::optional<StoredToken> read(const TokenKey& key = store_key()) {
        Result<std::optional<StoredToken>> found = run(store_.read(executor_, key));
        if (found) return std::move(*found);
        problems.push_back("read failed: " + found.error().to_string());
        return std::nullopt;
    }
    /// The token's text; empty where there is none.
    std::string text(const TokenKey& key = store_key()) {
        const std::optional<StoredToken> found = read(key);
        return found ? std::string{found->token.expose()} : std::string{};
    }
    TokenLease lock(const TokenKey& key = store_key()) {
        Result<TokenLease> lease = run(store_.try_lock(executor_, key));
        if (lease) return std::move(*lease);
        problems.push_back("try_lock failed: " + lease.error().to_string());
        return nullptr;
    }
    /// Until it is free, but not for long.
    TokenLease lock_soon(const TokenKey& key = store_key()) {
        const TimePoint until = Clock::now() + std::chrono::seconds{2};
        TokenLease lease = lock(key);
        while (!lease && Clock::now() < until) {
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
            lease = lock(key);
        }
        return lease;
    }
    void write(std::string_view text, const TokenLease& lease, const TokenKey& key = store_key()) {
        StoredToken token;
        token.token = Secret{text};
        token.issued = std::chrono::system_clock::now();
        token.lifetime = std::chrono::hours{1};
        const Result<void> written = run(store_.write(executor_, key, token, lease));
        if (!written) problems.push_back("write failed: " + written.error().to_string());
    }
    /// As a client does.
    void put(std::string_view text, const TokenKey& key = store_key()) {
        TokenLease lease = lock_soon(key);
        expect(lease != nullptr, "the lease of a key that nobody has is not given");
        if (!lease) return;
        write(text, lease, key);
        lease.reset();
        settle();
    }
    /// How long it took.
    Clock::duration wait(Clock::duration at_most) {
        const TimePoint begin = Clock::now();
        run(wait_until(store_, executor_, begin + at_most));
        return Clock::now() - begin;
    }
    /// How long it took to end after it was cancelled.
    Clock::duration cancel_wait() {
        bool is_over = false;
        boost::asio::cancellation_signal signal;
        const TimePoint until = Clock::now() + std::chrono::seconds{6};
        boost::asio::co_spawn(
            context_,
            wait_long(store_, executor_, until),
            boost::asio::bind_cancellation_slot(
                signal.slot(), [&](const std::exception_ptr&) { is_over = true; }));
        context_.restart();
        context_.run_for(std::chrono::milliseconds{10});
        signal.emit(boost::asio::cancellation_type::terminal);
        const TimePoint begin = Clock::now();
        while (!is_over && context_.run_one_for(std::chrono::seconds{30}) != 0) {
        }
        return Clock::now() - begin;
    }

    std::vector<std::string>& problems;

private:
    static boost::asio::awaitable<bool> wait_until(
        Store& store, boost::asio::any_io_executor executor, TimePoint until) {
        co_await store.wait(executor, store_key(), until);
        co_return true;
    }
    static boost::asio::awaitable<void> wait_long(
        Store& store, boost::asio::any_io_executor executor, TimePoint until) {
        co_await store.wait(executor, store_key(), until);
    }

    boost::asio::io_context context_;
    boost::asio::any_io_executor executor_ = context_.get_executor();
    Store store_;
};

/// Runs all cases, each in a place of its own.
template <class Store>
class StoreSuite {
public:
    using Open = std::function<Store()>;

    StoreSuite(Open make, Open again, ConformanceReport& report)
        : make_(std::move(make)), again_(std::move(again)), report_(report) {}

    void run() {
        reading();
        writing();
        locking();
        waiting();
        sharing();
    }

private:
    using Side = StoreSide<Store>;
    using Seconds = std::chrono::seconds;

    template <class Body>
    void check(const char* name, const char* promise, Body body) {
        report_.run(name, promise, [&](ConformanceCase& one) {
            Side side{make_(), one.problems};
            body(side);
        });
    }
    /// With a second object of the place.
    template <class Body>
    void check_two(const char* name, const char* promise, Body body) {
        report_.run(name, promise, [&](ConformanceCase& one) {
            Side side{make_(), one.problems};
            Side other{again_(), one.problems};
            body(side, other);
        });
    }

    void reading();
    void writing();
    void locking();
    void waiting();
    void sharing();

    Open make_;
    Open again_;
    ConformanceReport& report_;
};

template <class Store>
void StoreSuite<Store>::reading() {
    check("read.none", "there is nothing where nothing was written", [](Side& side) {
        side.expect(!side.read(), "there was a token");
    });
    check_two(
        "read.other", "another object of the place reads the same", [](Side& side, Side& other) {
            side.put("first");
            side.expect(other.text() == "first", "it read something else, or nothing");
        });
    check("read.age", "a token has the life and the age that it was written with", [](Side& side) {
        const auto before = std::chrono::system_clock::now();
        side.put("token");
        const std::optional<StoredToken> found = side.read();
        side.expect(found.has_value(), "there was none");
        if (!found) return;
        const auto off = found->issued - before;
        side.expect(found->lifetime == std::chrono::hours{1}, "it lives for another time");
        side.expect(off > -Seconds{3} && off < Seconds{3}, "it was issued at another time");
    });
    check("read.locked", "reading goes on while somebody has the lease", [](Side& side) {
        side.put("first");
        const TokenLease lease = side.lock();
        side.expect(side.text() == "first", "the token was not read");
    });
}

template <class Store>
void StoreSuite<Store>::writing() {
    check("write.whole", "a token is kept to its last character", [](Side& side) {
        const std::string letters = "ABCxyz019-._~+/=";
        std::string all;
        while (all.size() < 8'192)
            all += letters;
        for (const std::string& text : {std::string{"x"}, letters, all}) {
            side.put(text);
            side.expect(side.text() == text, "another one was read");
        }
    });
    check("write.replaces", "a token takes the place of the one before as a whole", [](Side& side) {
        side.put("a-long-token-that-was-there-before");
        side.put("short");
        side.expect(side.text() == "short", "another one was read");
    });
    check("write.keys", "a token is that of its key alone", [](Side& side) {
        std::vector<TokenKey> keys(6, store_key());
        keys[1].token_url += 'x';
        keys[2].client_id += 'x';
        keys[3].audience += 'x';
        keys[4].scope += 'x';
        // The same text, divided elsewhere.
        keys[5].client_id += keys[5].audience;
        keys[5].audience.clear();
        for (std::size_t i = 0; i != keys.size(); ++i) {
            side.expect(side.text(keys[i]).empty(), "a key had the token of another one");
            side.put("token-" + std::to_string(i), keys[i]);
        }
        for (std::size_t i = 0; i != keys.size(); ++i)
            side.expect(side.text(keys[i]) == "token-" + std::to_string(i), "a token was replaced");
    });
}

template <class Store>
void StoreSuite<Store>::locking() {
    check_two(
        "lock.one",
        "one has the lease, and the others are told at once",
        [](Side& side, Side& other) {
            const TokenLease lease = side.lock();
            side.expect(lease != nullptr, "nobody had it, and it was not given");
            const TimePoint begin = Clock::now();
            side.expect(!side.lock(), "the same object gave it twice");
            side.expect(!other.lock(), "another object of the place gave it, too");
            side.expect(Clock::now() - begin < Seconds{2}, "try_lock waited for it");
        });
    check_two(
        "lock.keys", "the lease of one key is not that of another", [](Side& side, Side& other) {
            const TokenLease lease = side.lock();
            TokenKey key = store_key();
            key.client_id = "other";
            side.expect(other.lock(key) != nullptr, "it was not given");
        });
    check_two("lock.copies", "it is held as long as there is a copy", [](Side& side, Side& other) {
        TokenLease lease = side.lock();
        const TokenLease copy = lease;
        lease.reset();
        side.settle();
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
        side.expect(!other.lock(), "it was given to another one");
    });
    check_two("lock.free", "it is free once the last copy is gone", [](Side& side, Side& other) {
        TokenLease lease = side.lock();
        lease.reset();
        side.settle();
        lease = other.lock_soon();
        side.expect(lease != nullptr, "it was not, after it had not been used");
        if (lease) other.write("token", lease);
        lease.reset();
        other.settle();
        side.expect(side.lock_soon() != nullptr, "it was not, after a token was written");
    });
}

template <class Store>
void StoreSuite<Store>::waiting() {
    check_two("wait.limit", "a wait ends at its limit", [](Side& side, Side& other) {
        const TokenLease lease = side.lock();
        side.expect(other.wait(std::chrono::milliseconds{300}) < Seconds{2}, "it went on");
        side.expect(other.wait(-Seconds{1}) < Seconds{2}, "one whose limit had passed went on");
    });
    check_two(
        "wait.news", "a wait does not outlast the lease by much", [](Side& side, Side& other) {
            TokenLease lease = side.lock();
            if (lease) side.write("token", lease);
            lease.reset();
            side.settle();
            side.expect(other.wait(Seconds{6}) < Seconds{3}, "it went on");
        });
    check_two("wait.rests", "a wait lasts while there is no news", [](Side& side, Side& other) {
        const TokenLease lease = side.lock();
        const TimePoint until = Clock::now() + std::chrono::milliseconds{500};
        int waits = 0;
        for (; Clock::now() < until; ++waits)
            other.wait(until - Clock::now());
        side.expect(waits <= 100, "it ended more than a hundred times in half a second");
    });
    check_two("wait.cancel", "a wait ends when it is cancelled", [](Side& side, Side& other) {
        const TokenLease lease = side.lock();
        side.expect(other.cancel_wait() < Seconds{3}, "it went on");
    });
}

template <class Store>
void StoreSuite<Store>::sharing() {
    report_.run(
        "share.threads",
        "of two threads one has the lease at a time, and each reads whole tokens",
        [&](ConformanceCase& one) {
            std::vector<std::string> others;
            Side side{make_(), one.problems};
            Side other{again_(), others};
            std::atomic<int> holders = 0;
            const auto use = [&holders](Side& own, char letter) {
                constexpr std::chrono::milliseconds moment{2};
                const TimePoint until = Clock::now() + Seconds{10};
                for (int got = 0; got != 20 && Clock::now() < until;) {
                    const std::string text = own.text();
                    own.expect(
                        text.find_first_not_of(text.substr(0, 1)) == std::string::npos,
                        "a token was half of one and half of another");
                    TokenLease lease = own.lock();
                    if (!lease) {
                        own.wait(Seconds{1});
                        continue;
                    }
                    ++got;
                    own.expect(holders.fetch_add(1) == 0, "both had the lease");
                    std::this_thread::sleep_for(moment);
                    holders.fetch_sub(1);
                    own.write(std::string(4'000, letter), lease);
                    lease.reset();
                    own.settle();
                    // The other one's turn.
                    std::this_thread::sleep_for(moment);
                }
            };
            std::exception_ptr thrown;
            std::thread thread{[&] {
                try {
                    use(other, 'b');
                } catch (...) {
                    thrown = std::current_exception();
                }
            }};
            try {
                use(side, 'a');
            } catch (...) {
                thread.join();
                throw;
            }
            thread.join();
            one.problems.insert(one.problems.end(), others.begin(), others.end());
            if (thrown) std::rethrow_exception(thrown);
        });
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_STORE_SUITE_HPP
