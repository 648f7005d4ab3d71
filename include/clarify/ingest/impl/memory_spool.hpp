// SPDX-License-Identifier: BSL-1.0
// A queue of batches.

#ifndef CLARIFY_INGEST_IMPL_MEMORY_SPOOL_HPP
#define CLARIFY_INGEST_IMPL_MEMORY_SPOOL_HPP

#include <clarify/core/detail/config.hpp>
#include <clarify/ingest/detail/sample_tables.hpp>
#include <clarify/ingest/memory_spool.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace clarify {
namespace detail::memory_spool {

/// A batch with more samples takes no others in.
inline constexpr std::uint64_t small = 1'000;

}  // namespace detail::memory_spool

CLARIFY_DECL Result<std::uint64_t> MemorySpool::append(
    SampleTable& table, std::chrono::system_clock::time_point written) {
    const std::uint64_t bytes = detail::bytes_of(table);
    if (bytes > limit_ - (std::min)(limit_, bytes_))
        return Error{Errc::overloaded, Reason::none, "no memory is left for more samples"};
    const std::uint64_t count = detail::count_of(table);
    Batch* const last = batches_.empty() ? nullptr : &batches_.back();
    if (last != nullptr && last->number > read_ &&
        last->count + count <= detail::memory_spool::small) {
        join(table, count);
        return newest_;
    }
    Batch& batch = batches_.emplace_back();
    batch.number = ++newest_;
    batch.samples = std::move(table);
    batch.count = count;
    batch.bytes = bytes;
    batch.written = written;
    samples_ += count;
    bytes_ += bytes;
    return newest_;
}

/// Into the last batch, which gets another number by that.
CLARIFY_DECL void MemorySpool::join(SampleTable& table, std::uint64_t count) {
    Batch& batch = batches_.back();
    std::uint64_t bytes = 0;
    // Nothing is in both where memory runs out: first room is made, then samples are moved.
    for (const auto& [key, samples] : table) {
        const auto found = batch.samples.find(key);
        if (found == batch.samples.end()) continue;
        std::vector<Sample>& all = found->second;
        const std::size_t size = all.size() + samples.size();
        if (size > all.capacity()) all.reserve((std::max)(size, 2 * all.capacity()));
        bytes += samples.size() * sizeof(Sample);
    }
    for (auto sample = table.begin(); sample != table.end();) {
        const auto found = batch.samples.find(sample->first);
        if (found == batch.samples.end()) {
            ++sample;
            continue;
        }
        found->second.insert(found->second.end(), sample->second.begin(), sample->second.end());
        sample = table.erase(sample);
    }
    bytes += detail::bytes_of(table);
    batch.samples.merge(table);
    batch.number = ++newest_;
    batch.count += count;
    batch.bytes += bytes;
    samples_ += count;
    bytes_ += bytes;
}

CLARIFY_DECL Result<SpoolPage> MemorySpool::read(std::uint64_t after, std::uint64_t count) {
    SpoolPage page;
    page.mark = after;
    for (const Batch& batch : batches_) {
        if (batch.number <= after) continue;
        if (page.mark != after && page.count + batch.count > count) break;
        detail::add_samples(page.samples, batch.samples);
        page.mark = batch.number;
        page.count += batch.count;
    }
    read_ = (std::max)(read_, page.mark);
    return page;
}

CLARIFY_DECL Result<void> MemorySpool::remove(std::uint64_t mark) {
    const auto last = std::find_if(
        batches_.begin(), batches_.end(), [&](const Batch& batch) { return batch.number > mark; });
    forget(batches_.begin(), last);
    return {};
}

CLARIFY_DECL Result<std::uint64_t> MemorySpool::drop(std::uint64_t after, std::uint64_t bytes) {
    const auto first = std::find_if(
        batches_.begin(), batches_.end(), [&](const Batch& batch) { return batch.number > after; });
    auto last = first;
    std::uint64_t freed = 0;
    std::uint64_t count = 0;
    for (; last != batches_.end() && freed < bytes; ++last) {
        freed += last->bytes;
        count += last->count;
    }
    forget(first, last);
    return count;
}

CLARIFY_DECL void MemorySpool::forget(
    std::deque<Batch>::iterator first, std::deque<Batch>::iterator last) noexcept {
    for (auto batch = first; batch != last; ++batch) {
        samples_ -= batch->count;
        bytes_ -= batch->bytes;
    }
    batches_.erase(first, last);
}

CLARIFY_DECL SpoolState MemorySpool::state() const {
    SpoolState state;
    state.samples = samples_;
    state.bytes = bytes_;
    state.newest = newest_;
    if (!batches_.empty()) state.oldest_written = batches_.front().written;
    return state;
}

}  // namespace clarify

#endif  // CLARIFY_INGEST_IMPL_MEMORY_SPOOL_HPP
