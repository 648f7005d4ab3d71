// SPDX-License-Identifier: BSL-1.0
// A sink and spools for tests of what writes samples.

#ifndef CLARIFY_TESTS_SUPPORT_FAKE_INGEST_HPP
#define CLARIFY_TESTS_SUPPORT_FAKE_INGEST_HPP

#include <clarify/core/timer.hpp>
#include <clarify/ingest/memory_spool.hpp>
#include <clarify/ingest/sample_sink.hpp>
#include <clarify/ingest/sample_spool.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace support {

/// A service that is a map. Copies of the sink are handles to the same one.
class FakeSink {
public:
    using Place = std::pair<std::string, std::int64_t>;
    struct State {
        std::map<Place, double> stored;
        /// Of each frame: when it came, and how many values it had.
        std::vector<std::pair<clarify::TimePoint, std::size_t>> frames;
        /// What is answered instead of success.
        std::function<std::optional<clarify::Error>(const clarify::DataFrame&)> fault;
        std::chrono::milliseconds takes{10};
        std::size_t in_flight = 0;
        std::size_t most_in_flight = 0;
        std::chrono::milliseconds interval{1'000};
        std::size_t max_size = 8'000'000;
    };

    boost::asio::awaitable<clarify::Result<void>> store(const clarify::DataFrame& frame) {
        State& state = *state_;
        struct Presence {
            explicit Presence(State& which) : state(which) {
                state.most_in_flight = (std::max)(state.most_in_flight, ++state.in_flight);
            }
            Presence(const Presence&) = delete;
            Presence& operator=(const Presence&) = delete;
            ~Presence() { --state.in_flight; }
            State& state;
        };
        const Presence presence{state};
        const auto executor = co_await boost::asio::this_coro::executor;
        clarify::Timer timer{executor};
        state.frames.emplace_back(timer.now(), frame.value_count());
        timer.expires_at(timer.now() + state.takes);
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::deferred));
        if (!timer.expired()) co_return clarify::Error{clarify::Errc::cancelled};
        std::optional<clarify::Error> fault;
        if (state.fault) fault = state.fault(frame);
        if (fault) co_return *fault;
        for (std::size_t column = 0; column != frame.columns(); ++column) {
            for (std::size_t row = 0; row != frame.size(); ++row) {
                const double value = frame.column(column)[row];
                if (std::isnan(value)) continue;
                state.stored[{frame.key(column), frame.times()[row].microseconds()}] = value;
            }
        }
        co_return clarify::Result<void>{};
    }
    clarify::Clock::duration interval() const noexcept { return state_->interval; }
    std::size_t max_size() const noexcept { return state_->max_size; }

    State& state() const noexcept { return *state_; }

private:
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// One that outlives its writer, and may fail: a handle, as a file is.
class FakeDisk {
public:
    static constexpr bool blocks = true;
    struct State {
        explicit State(std::uint64_t limit) : content(limit) {}
        clarify::MemorySpool content;
        std::size_t appends = 0;
        std::optional<clarify::Error> append_fault;
        std::optional<clarify::Error> read_fault;
        std::optional<clarify::Error> remove_fault;
        /// What is found damaged the next time something is read.
        std::vector<clarify::SpoolDamage> damage;
        std::uint64_t lost = 0;
    };

    explicit FakeDisk(std::uint64_t limit = std::uint64_t{64} << 20U)
        : state_(std::make_shared<State>(limit)) {}

    clarify::Result<std::uint64_t> append(
        clarify::SampleTable& table, std::chrono::system_clock::time_point written) {
        ++state_->appends;
        if (state_->append_fault) return *state_->append_fault;
        return state_->content.append(table, written);
    }
    clarify::Result<clarify::SpoolPage> read(std::uint64_t after, std::uint64_t count) {
        if (state_->read_fault) return *state_->read_fault;
        return state_->content.read(after, count);
    }
    clarify::Result<void> remove(std::uint64_t mark) {
        if (state_->remove_fault) return *state_->remove_fault;
        return state_->content.remove(mark);
    }
    clarify::Result<std::uint64_t> drop(std::uint64_t after, std::uint64_t bytes) {
        return state_->content.drop(after, bytes);
    }
    clarify::SpoolState state() const {
        clarify::SpoolState state = state_->content.state();
        state.damage = state_->damage;
        state.lost = state_->lost;
        return state;
    }
    bool durable() const noexcept { return true; }

    State& disk() const noexcept { return *state_; }

private:
    std::shared_ptr<State> state_;
};

static_assert(clarify::SampleSink<FakeSink>);
static_assert(clarify::SampleSpool<FakeDisk>);

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_FAKE_INGEST_HPP
