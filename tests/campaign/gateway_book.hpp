// SPDX-License-Identifier: BSL-1.0
// What the senders, the service and the judge of the gateway's campaign know of each sample.

#ifndef CLARIFY_TESTS_CAMPAIGN_GATEWAY_BOOK_HPP
#define CLARIFY_TESTS_CAMPAIGN_GATEWAY_BOOK_HPP

#include <clarify/api/timestamp.hpp>

#include "../support/chaos_random.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace gateway_campaign {

struct Settings {
    std::uint32_t samples = 1'000'000;
    std::uint64_t seed = 1;
    /// For so long there are faults, and samples are sent, if the gateway takes them fast enough.
    unsigned seconds = 40;
};

inline constexpr std::uint32_t inputs = 100;
inline constexpr std::uint32_t senders = 4;
inline constexpr std::uint32_t inputs_of_sender = inputs / senders;
inline constexpr std::uint32_t rows_of_post = 40;
inline constexpr std::uint32_t post_size = inputs_of_sender * rows_of_post;

/// What is drawn from the seed, each with a course of its own.
enum class Draw : std::uint8_t { value, badness, fault, deck, life, sender };
inline support::ChaosRandom draw(std::uint64_t seed, Draw what, std::uint64_t number) {
    return support::ChaosRandom{seed * 16 + static_cast<std::uint64_t>(what), number};
}

// A sample is known by its number: that of its row, times the inputs, plus that of its input.

inline std::string key_of(std::uint32_t input) { return "line." + std::to_string(input); }
inline std::optional<std::uint32_t> input_of(std::string_view key) {
    constexpr std::string_view prefix = "line.";
    std::uint32_t input = inputs;
    if (!key.starts_with(prefix)) return std::nullopt;
    const auto [end, ec] =
        std::from_chars(key.data() + prefix.size(), key.data() + key.size(), input);
    if (ec != std::errc{} || end != key.data() + key.size() || input >= inputs) return std::nullopt;
    return input;
}

inline constexpr std::int64_t first_time = 1'767'225'600'000'000;  // the year 2026
inline constexpr std::int64_t time_step = 1'000'000;
inline std::string time_of(std::uint32_t row) {
    return clarify::Timestamp::from_microseconds(first_time + row * time_step).to_string();
}
inline std::optional<std::uint32_t> row_of(std::string_view time) {
    std::int64_t microseconds = 0;
    if (!clarify::detail::read_timestamp(time, microseconds)) return std::nullopt;
    const std::int64_t since = microseconds - first_time;
    if (since < 0 || since % time_step != 0 || since / time_step > UINT32_MAX) return std::nullopt;
    return static_cast<std::uint32_t>(since / time_step);
}

/// The values of a sample are numbered: 1, 2, ... None is sent for 0, and none is like one of another sample.
using Version = std::uint8_t;
inline constexpr Version last_version = 240;
inline constexpr std::int64_t version_step = 1'000'000;

inline std::int64_t value_of(std::uint64_t seed, std::uint32_t sample, Version version) {
    const std::uint64_t base = draw(seed, Draw::value, sample).below(version_step);
    return version * version_step + static_cast<std::int64_t>(base);
}
/// 0 for what is no value of this sample.
inline Version version_of(std::uint64_t seed, std::uint32_t sample, double value) {
    const double version = value / version_step;
    if (!(version >= 1 && version < last_version + 1)) return 0;
    const auto whole = static_cast<Version>(version);
    return static_cast<double>(value_of(seed, sample, whole)) == value ? whole : Version{0};
}

/// What the service has against a value: nothing, mostly.
enum class Badness : std::uint8_t { none, its_row_is_named, its_column_is_named };
inline Badness badness_of(std::uint64_t seed, std::uint32_t sample, Version version) {
    constexpr std::uint64_t one_in = 60'000;
    // To find one in a column takes many requests, of which there is one a second.
    constexpr std::uint64_t one_in_columns = 1'200'000;
    const std::uint64_t number =
        draw(seed, Draw::badness, std::uint64_t{sample} * 256 + version).next();
    if (number % one_in == 0) return Badness::its_row_is_named;
    if (number % one_in_columns == 1) return Badness::its_column_is_named;
    return Badness::none;
}
inline bool is_bad(std::uint64_t seed, std::uint32_t sample, Version version) {
    return badness_of(seed, sample, version) != Badness::none;
}

/// Which versions of a sample are where; 0: none.
struct Entry {
    std::atomic<Version> sent = 0;
    std::atomic<Version> acknowledged = 0;
    std::atomic<Version> stored = 0;
};

/// Shared by all threads.
struct Book {
    explicit Book(const Settings& all) : settings(all), entries(all.samples) {}

    const Settings settings;
    std::vector<Entry> entries;
    std::atomic<std::uint64_t> posts = 0, lost = 0, refused = 0, abandoned = 0, rewritten = 0;
    std::atomic<std::uint64_t> waited_for = 0;
    // What must not be:
    std::atomic<std::uint64_t> wrong_answers = 0, not_stored = 0, never_sent = 0;
    std::atomic<std::uint64_t> unbalanced = 0, lost_in_spool = 0;

    /// Is one of these bad?
    bool has_bad_value(std::uint32_t sample, Version first, Version last) const {
        for (unsigned version = first; version <= last; ++version) {
            if (is_bad(settings.seed, sample, static_cast<Version>(version))) return true;
        }
        return false;
    }
    /// Prints the first ones.
    void answered_wrongly(const std::string& answer) {
        constexpr std::uint64_t enough = 5;
        if (wrong_answers++ < enough)
            std::fprintf(stderr, "wrong answer: %.300s\n", answer.c_str());
    }
};

}  // namespace gateway_campaign

#endif  // CLARIFY_TESTS_CAMPAIGN_GATEWAY_BOOK_HPP
