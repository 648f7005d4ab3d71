// SPDX-License-Identifier: BSL-1.0
// Samples that were sent, and of which nobody knows whether they will be stored yet.

#ifndef CLARIFY_INGEST_DETAIL_DOUBTFUL_SAMPLES_HPP
#define CLARIFY_INGEST_DETAIL_DOUBTFUL_SAMPLES_HPP

#include <clarify/api/samples.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/ingest/detail/sample_tables.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::detail {

/** Remembers what was sent without an answer, for as long as the service may still execute it.

    Sent again as it was, such a sample does no harm. Another value for its input and time would be
    written over by the old one if that is executed last, so it has to wait.

    No I/O and no clock.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class DoubtfulSamples {
public:
    /// How long the service may take for a request, the time in its queue included.
    static constexpr Clock::duration longest = std::chrono::seconds{15};
    /// Of how many at most more than one request is remembered.
    static constexpr std::uint64_t most = 1'000'000;

    /// Remembers samples, of which there may be several for one input and time.
    void add(SampleTable samples, TimePoint until) {
        for (auto& [key, column] : samples)
            std::stable_sort(column.begin(), column.end(), is_earlier);
        if (!all_.empty() && is_same(all_.back().samples, samples)) {
            all_.back().until = (std::max)(all_.back().until, until);
            return;
        }
        count_ += count_of(samples);
        all_.push_back({std::move(samples), until});
    }

    /// Takes those out of `samples` that have to wait: another value was sent for their input and time.
    SampleTable take_contradicting(SampleTable& samples, TimePoint now) {
        forget(now);
        SampleTable contradicting;
        if (all_.empty()) return contradicting;
        for (auto& [key, column] : samples) {
            const auto first = std::stable_partition(
                column.begin(), column.end(), [&](const Sample& sample) {
                    return !contradicts(key, sample);
                });
            if (first == column.end()) continue;
            contradicting[key].assign(first, column.end());
            column.erase(first, column.end());
        }
        std::erase_if(samples, [](const auto& column) { return column.second.empty(); });
        return contradicting;
    }

    /// Is there so much that nothing more should be sent before some is forgotten?
    bool is_full(TimePoint now) {
        forget(now);
        return all_.size() > 1 && count_ > most;
    }
    /// When some of it is forgotten; unset where there is nothing.
    std::optional<TimePoint> next_end() const {
        std::optional<TimePoint> first;
        for (const Request& request : all_)
            first = first ? (std::min)(*first, request.until) : request.until;
        return first;
    }

private:
    struct Request {
        SampleTable samples;
        TimePoint until;
    };

    static bool is_earlier(const Sample& a, const Sample& b) noexcept { return a.time < b.time; }
    /// The same digits are sent.
    static bool has_same_value(const Sample& a, const Sample& b) noexcept {
        return std::bit_cast<std::uint64_t>(a.value) == std::bit_cast<std::uint64_t>(b.value);
    }
    static bool is_same(const SampleTable& a, const SampleTable& b) {
        return std::equal(
            a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& other) {
                return one.first == other.first &&
                    std::equal(
                           one.second.begin(),
                           one.second.end(),
                           other.second.begin(),
                           other.second.end(),
                           [](const Sample& x, const Sample& y) {
                               return x.time == y.time && has_same_value(x, y);
                           });
            });
    }

    bool contradicts(std::string_view key, const Sample& sample) const {
        return std::any_of(all_.begin(), all_.end(), [&](const Request& request) {
            const auto column = request.samples.find(key);
            if (column == request.samples.end()) return false;
            const auto [first, last] =
                std::equal_range(column->second.begin(), column->second.end(), sample, is_earlier);
            return std::any_of(
                first, last, [&](const Sample& sent) { return !has_same_value(sent, sample); });
        });
    }
    void forget(TimePoint now) {
        std::erase_if(all_, [&](const Request& request) {
            if (request.until > now) return false;
            count_ -= count_of(request.samples);
            return true;
        });
    }

    std::deque<Request> all_;
    std::uint64_t count_ = 0;
};

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_DOUBTFUL_SAMPLES_HPP
