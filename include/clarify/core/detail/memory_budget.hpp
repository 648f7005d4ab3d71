// SPDX-License-Identifier: BSL-1.0
// How much memory what is made of one reply may take.

#ifndef CLARIFY_CORE_DETAIL_MEMORY_BUDGET_HPP
#define CLARIFY_CORE_DETAIL_MEMORY_BUDGET_HPP

#include <clarify/core/detail/decode_time.hpp>

#include <cstddef>
#include <new>

namespace clarify::detail {

/// Thrown through the libraries between the budget and the decoder, which turns it into an error.
struct MemoryBudgetExceeded : std::bad_alloc {
    const char* what() const noexcept override {
        return "the memory limit of the decoder is reached";
    }
};

/// For what is read without a limit being told.
inline constexpr std::size_t default_json_memory = std::size_t{128} << 20U;

class MemoryBudget {
public:
    explicit MemoryBudget(std::size_t limit = default_json_memory) noexcept : left_(limit) {}

    /// Who takes memory has work with it, which takes time; so has who reads what is decoded into
    /// it. `time` outlives all that.
    void obey(DecodeTime& time) noexcept { time_ = &time; }
    DecodeTime* time() const noexcept { return time_; }

    /// Throws `MemoryBudgetExceeded`, before anything is allocated, where `bytes` are too many, and
    /// `DecodeTimeUp`.
    void charge(std::size_t bytes) {
        if (bytes > left_) throw MemoryBudgetExceeded{};
        left_ -= bytes;
        charged_ += bytes;
        if (time_ != nullptr) time_->spend(bytes);
    }
    /// Charges a block of its own, with what the allocator usually adds to it.
    void charge_block(std::size_t bytes) { charge(bytes + block_overhead); }
    void refund(std::size_t bytes) noexcept { left_ += bytes; }

    std::size_t left() const noexcept { return left_; }
    /// All that was ever charged, whatever was given back: a measure of the work that was done.
    std::size_t charged() const noexcept { return charged_; }

private:
    static constexpr std::size_t block_overhead = 16;

    std::size_t left_;
    std::size_t charged_ = 0;
    DecodeTime* time_ = nullptr;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_MEMORY_BUDGET_HPP
