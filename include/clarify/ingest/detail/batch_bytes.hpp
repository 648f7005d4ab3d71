// SPDX-License-Identifier: BSL-1.0
// The numbers that a batch is made of: of few bytes where they are small, or repeat each other.

#ifndef CLARIFY_INGEST_DETAIL_BATCH_BYTES_HPP
#define CLARIFY_INGEST_DETAIL_BATCH_BYTES_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace clarify::detail {

/// Whole numbers as unsigned ones, those near zero the smallest.
inline std::uint64_t folded(std::uint64_t number) noexcept {
    return (number << 1U) ^ (0U - (number >> 63U));
}
inline std::uint64_t unfolded(std::uint64_t number) noexcept {
    return (number >> 1U) ^ (0U - (number & 1U));
}

/// Writes at the end of a text. All numbers wrap around, as unsigned ones do.
class BatchWriter {
public:
    explicit BatchWriter(std::string& out) noexcept : out_(out) {}

    void byte(std::uint64_t value) { out_.push_back(static_cast<char>(value & 0xFFU)); }
    /// Seven bits a byte, the lowest first.
    void number(std::uint64_t value) {
        while (value >= 0x80U) {
            byte(value | 0x80U);
            value >>= 7U;
        }
        byte(value);
    }
    /// The lowest `bytes` bytes, the lowest first.
    void fixed(std::uint64_t value, std::size_t bytes) {
        for (; bytes != 0; --bytes, value >>= 8U)
            byte(value);
    }
    void text(std::string_view value) { out_.append(value); }

    /// One of a row of differences: zeros are counted, and written as one.
    void difference(std::uint64_t value) {
        if (value == 0) {
            ++zeros_;
            return;
        }
        end_row();
        number(folded(value));
    }
    /// To be called behind the last difference.
    void end_row() {
        if (zeros_ == 0) return;
        byte(0);
        number(zeros_ - 1);
        zeros_ = 0;
    }

private:
    std::string& out_;
    std::uint64_t zeros_ = 0;
};

/// Reads what a `BatchWriter` has written. Behind the end, and after a fault, all is zero.
class BatchReader {
public:
    explicit BatchReader(std::string_view in) noexcept : rest_(in) {}

    bool failed() const noexcept { return failed_; }
    /// Says that what was read cannot be.
    void fail() noexcept {
        failed_ = true;
        rest_ = {};
    }
    std::size_t left() const noexcept { return rest_.size(); }

    std::uint64_t byte() noexcept {
        if (rest_.empty()) {
            fail();
            return 0;
        }
        const auto value = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    std::uint64_t number() noexcept {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint64_t next = byte();
            value |= (next & 0x7FU) << shift;
            if (next < 0x80U) return value;
        }
        fail();
        return 0;
    }
    std::uint64_t fixed(std::size_t bytes) noexcept {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i != bytes; ++i)
            value |= byte() << (8 * i);
        return value;
    }
    std::string_view text(std::size_t size) noexcept {
        if (size > rest_.size()) {
            fail();
            return {};
        }
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    std::uint64_t difference() noexcept {
        if (zeros_ != 0) {
            --zeros_;
            return 0;
        }
        const std::uint64_t value = number();
        if (value == 0) zeros_ = number();
        return unfolded(value);
    }
    /// A row ends here: zeros that were counted beyond it are a fault.
    void end_row() noexcept {
        if (zeros_ != 0) fail();
        zeros_ = 0;
    }

private:
    std::string_view rest_;
    std::uint64_t zeros_ = 0;
    bool failed_ = false;
};

}  // namespace clarify::detail

#endif  // CLARIFY_INGEST_DETAIL_BATCH_BYTES_HPP
