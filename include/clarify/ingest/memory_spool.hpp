// SPDX-License-Identifier: BSL-1.0
// Samples that wait in memory.

#ifndef CLARIFY_INGEST_MEMORY_SPOOL_HPP
#define CLARIFY_INGEST_MEMORY_SPOOL_HPP

#include <clarify/api/samples.hpp>
#include <clarify/core/result.hpp>
#include <clarify/ingest/sample_spool.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace clarify {

/** Keeps samples in memory, and loses them with the process. What a `SampleWriter` uses.

    A sample takes about sixteen bytes, and its input some hundred more in each batch. Small batches
    become one, as long as nobody has read them.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; a writer takes care of that.
*/
class MemorySpool {
public:
    static constexpr bool blocks = false;

    /// Takes about so many bytes at most. Default 64 MiB.
    explicit MemorySpool(std::uint64_t limit = std::uint64_t{64} << 20U) : limit_(limit) {}

    /// `Errc::overloaded` where there is no room.
    Result<std::uint64_t> append(SampleTable& table, std::chrono::system_clock::time_point written);
    Result<SpoolPage> read(std::uint64_t after, std::uint64_t count);
    Result<void> remove(std::uint64_t mark);
    Result<std::uint64_t> drop(std::uint64_t after, std::uint64_t bytes);
    SpoolState state() const;
    bool durable() const noexcept { return false; }

private:
    struct Batch {
        std::uint64_t number = 0;
        SampleTable samples;
        std::uint64_t count = 0;
        std::uint64_t bytes = 0;
        std::chrono::system_clock::time_point written;
    };

    void join(SampleTable& table, std::uint64_t count);
    void forget(std::deque<Batch>::iterator first, std::deque<Batch>::iterator last) noexcept;

    std::uint64_t limit_;
    std::deque<Batch> batches_;
    std::uint64_t newest_ = 0;
    /// Up to there batches have been read.
    std::uint64_t read_ = 0;
    std::uint64_t samples_ = 0;
    std::uint64_t bytes_ = 0;
};

static_assert(SampleSpool<MemorySpool>);

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/ingest/impl/memory_spool.hpp>
#endif

#endif  // CLARIFY_INGEST_MEMORY_SPOOL_HPP
