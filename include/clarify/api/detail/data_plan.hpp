// SPDX-License-Identifier: BSL-1.0
// Into which requests a long time range of many items is divided: decisions only.

#ifndef CLARIFY_API_DETAIL_DATA_PLAN_HPP
#define CLARIFY_API_DETAIL_DATA_PLAN_HPP

#include <clarify/api/detail/buckets.hpp>
#include <clarify/api/timestamp.hpp>

#include <algorithm>
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

inline DataPlan::DataPlan(
    Timestamp from, Timestamp to, std::size_t items, std::optional<Buckets> buckets, Limits limits)
    : to_(to),
      items_(items),
      buckets_(std::move(buckets)),
      limits_(limits),
      width_(std::clamp(
          limits.first_window,
          std::chrono::microseconds{1},
          (std::max)(limits.widest_window, std::chrono::microseconds{1}))),
      window_from_(from),
      window_to_((std::min)(to, end_of(from, width_))),
      is_measured_(limits.is_measured) {
    limits_.items = std::max<std::size_t>(limits_.items, 1);
    limits_.values = std::max<std::size_t>(limits_.values, 1);
}

// At least a bucket, or a microsecond, so that every window is one step ahead.
inline Timestamp DataPlan::end_of(Timestamp from, std::chrono::microseconds width) const noexcept {
    if (!buckets_) return from + (std::max)(width, std::chrono::microseconds{1});
    const Timestamp end = buckets_->start(from + width);
    return end > from ? end : buckets_->next(from);
}

inline std::optional<DataPiece> DataPlan::next() {
    if (next_item_ == items_) {
        if (!is_measured_) return std::nullopt;
        window_from_ = window_to_;
        window_to_ = (std::min)(to_, end_of(window_from_, width_));
        next_item_ = 0;
    }
    if (window_from_ >= to_ || items_ == 0) return std::nullopt;
    DataPiece piece;
    piece.from = window_from_;
    piece.to = window_to_;
    piece.first_item = next_item_;
    piece.items = (std::min)(limits_.items, items_ - next_item_);
    next_item_ += piece.items;
    return piece;
}

inline std::optional<std::pair<DataPiece, DataPiece>> DataPlan::split(const DataPiece& piece) {
    const std::chrono::microseconds length = piece.to - piece.from;
    width_ = (std::max)((std::min)(width_, length / 2), std::chrono::microseconds{1});
    const Timestamp middle = end_of(piece.from, length / 2);
    DataPiece first = piece;
    DataPiece second = piece;
    if (middle < piece.to) {
        first.to = middle;
        second.from = middle;
    } else if (piece.items > 1) {
        first.items = piece.items / 2;
        second.first_item += first.items;
        second.items -= first.items;
    } else {
        return std::nullopt;
    }
    return std::pair{first, second};
}

inline void DataPlan::arrived(const DataPiece& piece, std::size_t values) noexcept {
    const std::chrono::microseconds length = piece.to - piece.from;
    is_measured_ = true;
    // What was asked for before the width last changed says nothing new.
    if (values > limits_.values && length <= width_) {
        width_ = (std::max)(length / 2, std::chrono::microseconds{1});
    } else if (values <= limits_.values / 2 && length >= width_) {
        // So that half of the limit is reached, if it goes on like this.
        const std::size_t factor = limits_.values / 2 / std::max<std::size_t>(values, 1);
        const auto times = static_cast<int>(std::clamp<std::size_t>(factor, 2, 8));
        width_ = (std::min)(width_ * times, limits_.widest_window);
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_API_DETAIL_DATA_PLAN_HPP
