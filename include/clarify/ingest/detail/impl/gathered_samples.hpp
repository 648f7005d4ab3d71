// SPDX-License-Identifier: BSL-1.0
// Requests made, halved and settled.

#ifndef CLARIFY_INGEST_DETAIL_IMPL_GATHERED_SAMPLES_HPP
#define CLARIFY_INGEST_DETAIL_IMPL_GATHERED_SAMPLES_HPP

#include <clarify/api/detail/sample_parts.hpp>
#include <clarify/api/samples.hpp>
#include <clarify/core/detail/config.hpp>
#include <clarify/core/detail/time_span.hpp>
#include <clarify/ingest/detail/gathered_samples.hpp>
#include <clarify/ingest/detail/sample_tables.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include <clarify/api/detail/impl/sample_parts.hpp>

namespace clarify::detail {
namespace gathered_samples {

/// What is around a frame in a request.
inline constexpr std::size_t envelope = 256;

inline DataFrame frame_of(const SamplePart& part) {
    std::vector<std::pair<std::string, std::vector<double>>> columns;
    for (const SampleColumn* const column : part.columns) {
        const std::span<const Sample> samples = sample_parts::within(*column, part.times);
        if (samples.empty()) continue;
        std::vector<double> values(part.times.size(), DataFrame::missing);
        std::size_t row = 0;
        for (const Sample& sample : samples) {
            while (part.times[row] != sample.time)
                ++row;
            values[row] = sample.value;
        }
        columns.emplace_back(column->first, std::move(values));
    }
    return *DataFrame::make({part.times.begin(), part.times.end()}, std::move(columns));
}

/// Columns from number `first` on, so many, without the rows that are empty then.
inline DataFrame columns_of(const DataFrame& frame, std::size_t first, std::size_t count) {
    std::vector<std::pair<std::string, std::vector<double>>> columns;
    for (std::size_t i = first; i != first + count; ++i) {
        const std::span<const double> values = frame.column(i);
        columns.emplace_back(frame.key(i), std::vector<double>{values.begin(), values.end()});
    }
    const std::span<const Timestamp> times = frame.times();
    DataFrame part = *DataFrame::make({times.begin(), times.end()}, std::move(columns));
    part.normalize();
    return part;
}

/// Without the columns that have no value, and the rows that have none.
inline DataFrame without_empty(const DataFrame& frame) {
    std::vector<std::pair<std::string, std::vector<double>>> columns;
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        const std::span<const double> values = frame.column(i);
        if (std::all_of(values.begin(), values.end(), [](double x) { return std::isnan(x); }))
            continue;
        columns.emplace_back(frame.key(i), std::vector<double>{values.begin(), values.end()});
    }
    const std::span<const Timestamp> times = frame.times();
    DataFrame part = *DataFrame::make({times.begin(), times.end()}, std::move(columns));
    part.normalize();
    return part;
}

/// About how long it is as text.
inline double text_size(const DataFrame& frame) {
    constexpr double time = 27;
    constexpr double value = 12;
    constexpr double missing = 5;
    const auto rows = static_cast<double>(frame.size());
    const auto values = static_cast<double>(frame.value_count());
    double keys = 0;
    for (std::size_t i = 0; i != frame.columns(); ++i)
        keys += static_cast<double>(frame.key(i).size()) + 6;
    const double gaps = rows * static_cast<double>(frame.columns()) - values;
    return rows * time + values * value + gaps * missing + keys;
}

inline void reject(
    DataFrame& frame,
    std::size_t row,
    std::size_t column,
    const std::string& reason,
    std::vector<RejectedSample>& out) {
    double& value = frame.column(column)[row];
    if (std::isnan(value)) return;
    out.emplace_back(frame.key(column), frame.times()[row], value, reason);
    value = DataFrame::missing;
}

inline void reject_all(
    DataFrame& frame, const std::string& reason, std::vector<RejectedSample>& out) {
    for (std::size_t column = 0; column != frame.columns(); ++column) {
        for (std::size_t row = 0; row != frame.size(); ++row)
            reject(frame, row, column, reason, out);
    }
}

inline std::size_t values_in(std::span<const double> values) {
    return static_cast<std::size_t>(std::count_if(
        values.begin(), values.end(), [](double value) { return !std::isnan(value); }));
}

}  // namespace gathered_samples

CLARIFY_DECL GatheredSamples::GatheredSamples(std::size_t max_size)
    : max_size_((std::max)(max_size, least_size)) {}

CLARIFY_DECL std::uint64_t GatheredSamples::whole_request() const noexcept {
    return static_cast<std::uint64_t>(0.9 * static_cast<double>(max_size_) / bytes_each_) + 1;
}

CLARIFY_DECL std::uint64_t GatheredSamples::room() const noexcept {
    const std::uint64_t all = whole_request();
    const std::uint64_t waiting = unsettled();
    return open_ && waiting < all ? all - waiting : 0;
}

CLARIFY_DECL void GatheredSamples::add(SpoolPage page) {
    regroup();
    mark_ = (std::max)(mark_, page.mark);
    count_ += page.count;
    std::erase_if(page.samples, [](const auto& column) { return column.second.empty(); });
    fresh_.add(std::move(page.samples));
}

CLARIFY_DECL std::uint64_t GatheredSamples::finish() noexcept {
    const std::uint64_t replaced = unsettled();
    count_ = 0;
    settled_ = 0;
    open_ = true;
    return replaced;
}

CLARIFY_DECL SampleBuffer GatheredSamples::take_rest() {
    SampleBuffer rest;
    for (const Part& part : parts_) {
        rest.add(part.frame);
        if (!part.suspicion) continue;
        for (const RejectedSample& sample : part.suspicion->held)
            rest.add(sample.input, sample.time, sample.value);
        part.suspicion->held.clear();
    }
    parts_.clear();
    rest.add(SampleAccess::take(fresh_));
    finish();
    return rest;
}

CLARIFY_DECL const DataFrame* GatheredSamples::next(TimePoint now) {
    if (parts_.empty() && !doubtful_.is_full(now)) divide(now);
    return parts_.empty() ? nullptr : &parts_.front().frame;
}

CLARIFY_DECL void GatheredSamples::divide(TimePoint now) {
    if (fresh_.empty()) return;
    const std::size_t envelope = gathered_samples::envelope;
    SampleTable samples = SampleAccess::take(fresh_);
    fresh_.add(doubtful_.take_contradicting(samples, now));
    SampleParts parts{std::move(samples), max_size_ - (std::min)(envelope, max_size_ / 2)};
    double bytes = 0;
    double values = 0;
    while (const SamplePart* const part = parts.next()) {
        DataFrame frame = gathered_samples::frame_of(*part);
        if (frame.empty() || frame.columns() == 0) continue;
        bytes += gathered_samples::text_size(frame);
        values += static_cast<double>(frame.value_count());
        parts_.emplace_back(std::move(frame));
    }
    if (values > 0) bytes_each_ = std::clamp(bytes / values, 4.0, 400.0);
}

/// What is under no suspicion is divided anew, with what has come since.
CLARIFY_DECL void GatheredSamples::regroup() {
    if (parts_.empty()) return;
    for (const Part& part : parts_) {
        if (part.suspicion) return;
    }
    SampleBuffer all;
    for (const Part& part : parts_)
        all.add(part.frame);
    parts_.clear();
    if (!fresh_.empty()) all.add(SampleAccess::take(fresh_));
    fresh_ = std::move(all);
}

CLARIFY_DECL GatheredSamples::Part GatheredSamples::take_front() {
    Part part = std::move(parts_.front());
    parts_.pop_front();
    return part;
}

CLARIFY_DECL void GatheredSamples::settle(SettledSamples& out) {
    settled_ += out.stored + out.rejected.size();
    // After a failure of something else the rest may grow, and so may what is only held back.
    open_ = out.waits || (parts_.empty() && !fresh_.empty());
    if (out.waits) regroup();
    for (const Part& part : parts_)
        open_ = open_ && !part.suspicion;
}

CLARIFY_DECL SettledSamples GatheredSamples::stored() {
    SettledSamples out;
    const Part part = take_front();
    out.stored = part.frame.value_count();
    if (part.suspicion) {
        part.suspicion->cleared = true;
        std::move(
            part.suspicion->held.begin(),
            part.suspicion->held.end(),
            std::back_inserter(out.rejected));
        part.suspicion->held.clear();
    }
    settle(out);
    return out;
}

CLARIFY_DECL SettledSamples GatheredSamples::failed(const InsertVerdict& verdict, TimePoint now) {
    SettledSamples out;
    if (verdict.in_doubt) {
        unanswered_until_ = time_after(now, DoubtfulSamples::longest);
        doubt(table_of(parts_.front().frame), unanswered_until_);
    }
    switch (verdict.kind) {
        case InsertVerdict::Kind::wait:
            out.waits = true;
            break;
        case InsertVerdict::Kind::divide:
            divide_large(take_front(), verdict.reason, out);
            break;
        case InsertVerdict::Kind::blame:
            blame(take_front(), verdict, out);
            break;
    }
    settle(out);
    return out;
}

CLARIFY_DECL void GatheredSamples::divide_large(
    Part part, const std::string& reason, SettledSamples& out) {
    std::string text;
    if (append_json_text(text, part.frame))
        max_size_ = std::clamp(text.size() / 2, least_size, max_size_);
    if (part.frame.value_count() == 1) {
        gathered_samples::reject_all(part.frame, reason, out.rejected);
        return conclude(part.suspicion, out);
    }
    const std::size_t before = parts_.size();
    halve(std::move(part.frame), part.suspicion);
    // These first, for nothing is wrong with them.
    std::rotate(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(before), parts_.end());
}

CLARIFY_DECL void GatheredSamples::blame(
    Part part, const InsertVerdict& verdict, SettledSamples& out) {
    using namespace gathered_samples;
    DataFrame& frame = part.frame;
    std::vector<std::pair<DataFrame, std::string>> suspects;
    for (const BlamedPlace& place : verdict.places) {
        const std::size_t first = place.column.value_or(0);
        const std::size_t last = place.column ? first + 1 : frame.columns();
        for (std::size_t column = first; column != last && place.row; ++column)
            reject(frame, *place.row, column, place.reason, out.rejected);
        if (place.row || values_in(frame.column(first)) == 0) continue;
        suspects.emplace_back(columns_of(frame, first, 1), place.reason);
        std::fill_n(frame.column(first).begin(), frame.size(), DataFrame::missing);
    }
    for (const std::size_t column : verdict.stored) {
        out.stored += values_in(frame.column(column));
        std::fill_n(frame.column(column).begin(), frame.size(), DataFrame::missing);
    }
    const bool has_come_on = out.stored != 0 || !out.rejected.empty() || !suspects.empty();
    if (!has_come_on) return blame_unnamed(std::move(part), verdict.reason, out);
    DataFrame rest = without_empty(frame);
    const bool was_whole = suspects.size() == 1 && rest.empty();
    for (auto& [column, reason] : suspects) {
        auto suspicion =
            was_whole && part.suspicion && part.suspicion->named ? part.suspicion : nullptr;
        if (!suspicion) {
            suspicion = std::make_shared<Suspicion>();
            suspicion->named = true;
            suspicion->reason = reason;
        }
        suspect_column(std::move(column), std::move(suspicion), out);
    }
    if (!rest.empty()) parts_.emplace_front(std::move(rest), part.suspicion);
    conclude(part.suspicion, out);
}

/// Of one column, which the service named.
CLARIFY_DECL void GatheredSamples::suspect_column(
    DataFrame frame, std::shared_ptr<Suspicion> suspicion, SettledSamples& out) {
    const bool is_all_bad = ++suspicion->misses > patience && !suspicion->cleared;
    if (is_all_bad || frame.value_count() == 1) {
        gathered_samples::reject_all(frame, suspicion->reason, out.rejected);
        return;
    }
    halve(std::move(frame), suspicion);
}

CLARIFY_DECL void GatheredSamples::blame_unnamed(
    Part part, const std::string& reason, SettledSamples& out) {
    std::shared_ptr<Suspicion> suspicion = part.suspicion;
    if (!suspicion) {
        suspicion = std::make_shared<Suspicion>();
        suspicion->reason = reason;
    }
    ++suspicion->misses;
    if (part.frame.value_count() == 1) {
        const bool is_certain = suspicion->cleared || suspicion->named;
        gathered_samples::reject_all(
            part.frame, suspicion->reason, is_certain ? out.rejected : suspicion->held);
        return conclude(suspicion, out);
    }
    if (suspicion->misses <= patience || suspicion->cleared)
        return halve(std::move(part.frame), suspicion);
    if (suspicion->named) {
        gathered_samples::reject_all(part.frame, suspicion->reason, out.rejected);
        return;
    }
    parts_.emplace_front(std::move(part.frame), suspicion);
    give_up(suspicion, out);
}

/// By columns where there are several, else by time; behind all others.
CLARIFY_DECL void GatheredSamples::halve(
    DataFrame frame, const std::shared_ptr<Suspicion>& suspicion) {
    if (frame.columns() > 1) {
        const std::size_t half = frame.columns() / 2;
        parts_.emplace_back(gathered_samples::columns_of(frame, 0, half), suspicion);
        parts_.emplace_back(
            gathered_samples::columns_of(frame, half, frame.columns() - half), suspicion);
    } else {
        const std::size_t half = frame.size() / 2;
        parts_.emplace_back(frame.part(0, half), suspicion);
        parts_.emplace_back(frame.part(half, frame.size() - half), suspicion);
    }
}

/// If these were the last of the parts, and none has succeeded, nothing is known of any.
CLARIFY_DECL void GatheredSamples::conclude(
    const std::shared_ptr<Suspicion>& suspicion, SettledSamples& out) {
    if (!suspicion || suspicion->cleared || suspicion->held.empty()) return;
    for (const Part& part : parts_) {
        if (part.suspicion == suspicion) return;
    }
    give_up(suspicion, out);
}

/// They fail all alike, so they are not to blame.
CLARIFY_DECL void GatheredSamples::give_up(
    const std::shared_ptr<Suspicion>& suspicion, SettledSamples& out) {
    for (Part& part : parts_) {
        if (part.suspicion == suspicion) part.suspicion = nullptr;
    }
    SampleBuffer held;
    for (const RejectedSample& sample : suspicion->held)
        held.add(sample.input, sample.time, sample.value);
    for (DataFrame& frame : held.take())
        parts_.emplace_back(std::move(frame));
    out.waits = true;
}

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_IMPL_GATHERED_SAMPLES_HPP
