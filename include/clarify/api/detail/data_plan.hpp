// SPDX-License-Identifier: BSL-1.0
// Into which requests a long time range of many items is divided: decisions only.

#ifndef CLARIFY_API_DETAIL_DATA_PLAN_HPP
#define CLARIFY_API_DETAIL_DATA_PLAN_HPP

#include <clarify/api/detail/buckets.hpp>
#include <clarify/api/timestamp.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace clarify::detail {

/// What one request asks for: a time range, and items by their position in a list.
struct DataPiece {
    Timestamp from;
    Timestamp to;
    std::size_t first_item = 0;
    std::size_t items = 0;

    friend bool operator==(const DataPiece&, const DataPiece&) = default;
};

/** Divides a time range by items and by windows whose ends lie between buckets.

    The order is that of time; within a window, that of the items. The width of the windows follows
    what came back: it grows as long as replies are small, at most eightfold at a time, and halves
    where one is too large. Where nothing is known of the values yet, no second window is given out
    before the first reply: what is asked for too narrowly takes the server as many requests.
*/
class DataPlan {
public:
    struct Limits {
        /// At most so many items in a request.
        std::size_t items = 50;
        /// The first window, and the widest one that the server takes.
        std::chrono::microseconds first_window{std::chrono::hours{24}};
        std::chrono::microseconds widest_window{std::chrono::hours{24} * 40};
        /// How many values a reply is to have at most. More is no mistake, but the next ones are
        /// smaller.
        std::size_t values = 1'000'000;
        /// It is known how many values there are at most, and the first window is chosen by it.
        bool is_measured = false;
    };

    /// `buckets`: none for data as they were stored, or for a single bucket.
    DataPlan(
        Timestamp from,
        Timestamp to,
        std::size_t items,
        std::optional<Buckets> buckets,
        Limits limits);

    /// The next request; none where all have been given out, or a reply is needed first.
    std::optional<DataPiece> next();
    /// Two that ask for the same together; none where it cannot be divided.
    std::optional<std::pair<DataPiece, DataPiece>> split(const DataPiece& piece);
    /// A reply came, with so many values.
    void arrived(const DataPiece& piece, std::size_t values) noexcept;

private:
    Timestamp end_of(Timestamp from, std::chrono::microseconds width) const noexcept;

    Timestamp to_;
    std::size_t items_;
    std::optional<Buckets> buckets_;
    Limits limits_;
    std::chrono::microseconds width_;
    /// The window that is being given out.
    Timestamp window_from_;
    Timestamp window_to_;
    std::size_t next_item_ = 0;
    bool is_measured_;
};

}  // namespace clarify::detail

#include <clarify/api/detail/impl/data_plan.hpp>

#endif  // CLARIFY_API_DETAIL_DATA_PLAN_HPP
