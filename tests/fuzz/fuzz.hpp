// SPDX-License-Identifier: BSL-1.0
// What fuzz targets have in common: a name, promises that hold for every input, structured input.

#ifndef CLARIFY_TESTS_FUZZ_FUZZ_HPP
#define CLARIFY_TESTS_FUZZ_FUZZ_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string>
#include <string_view>

namespace fuzz {

/** One target: a function that takes any bytes, and ends the process where a promise is broken.

    Each file has one, as an object of namespace scope. A libFuzzer program has a single target; the
    replay program has them all and picks by name.
*/
struct Target {
    using Run = void (*)(std::string_view input);

    Target(const char* its_name, Run function) : name(its_name), run(function), next(first) {
        first = this;
    }
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    const char* name;
    Run run;
    const Target* next;

    static inline const Target* first = nullptr;
};

/// What is being replayed, for the message of a broken promise. Empty under libFuzzer.
inline std::string current_file;

/// Ends the process, so that the fuzzer keeps the input, unless `holds`.
inline void require(
    bool holds,
    std::string_view promise,
    std::source_location where = std::source_location::current()) {
    if (holds) return;
    std::fprintf(
        stderr,
        "%s:%u: broken: %.*s\n",
        where.file_name(),
        static_cast<unsigned>(where.line()),
        static_cast<int>(promise.size()),
        promise.data());
    if (!current_file.empty()) std::fprintf(stderr, "  by the input %s\n", current_file.c_str());
    std::abort();
}

/// Reads decisions from the front of an input; when it is used up, every answer is the first one.
class Choices {
public:
    explicit Choices(std::string_view input) noexcept : rest_(input) {}

    bool empty() const noexcept { return rest_.empty(); }
    unsigned byte() noexcept {
        if (rest_.empty()) return 0;
        const auto value = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    unsigned below(unsigned bound) noexcept { return byte() % bound; }
    bool flag() noexcept { return (byte() & 1U) != 0; }
    /// Eight bytes, the lowest first.
    std::uint64_t word() noexcept {
        std::uint64_t value = 0;
        for (unsigned i = 0; i != 8; ++i)
            value |= std::uint64_t{byte()} << (8 * i);
        return value;
    }
    std::string_view text(std::size_t size) noexcept {
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    /// What comes before the next newline, which is taken as well.
    std::string_view line() noexcept {
        const std::size_t end = std::min(rest_.find('\n'), rest_.size());
        const std::string_view taken = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return taken;
    }
    std::string_view rest() noexcept { return text(rest_.size()); }

private:
    std::string_view rest_;
};

/// Numbers that follow from an input: for choices that are to differ without being part of it.
class Dice {
public:
    explicit Dice(std::string_view input) noexcept {
        // FNV-1a.
        for (const char c : input)
            state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    }
    std::size_t below(std::size_t bound) noexcept {
        // xorshift64*.
        state_ ^= state_ >> 12U;
        state_ ^= state_ << 25U;
        state_ ^= state_ >> 27U;
        return static_cast<std::size_t>((state_ * 0x2545F4914F6CDD1DU) >> 33U) % bound;
    }

private:
    std::uint64_t state_ = 0xCBF29CE484222325U;
};

}  // namespace fuzz

#endif  // CLARIFY_TESTS_FUZZ_FUZZ_HPP
