// SPDX-License-Identifier: BSL-1.0
// Data frames as text: what is read is in order and finite, and comes back the same, in parts, too.

#include <clarify/api/data_frame.hpp>
#include <clarify/api/detail/sample_parts.hpp>
#include <clarify/api/field_errors.hpp>
#include <clarify/api/sample_buffer.hpp>

#include "fuzz.hpp"
#include "reference_json.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace {

using clarify::DataFrame;
using fuzz::require;

void check_content(const DataFrame& frame) {
    const auto times = frame.times();
    const auto misplaced = std::adjacent_find(
        times.begin(), times.end(), [](auto earlier, auto later) { return !(earlier < later); });
    require(misplaced == times.end(), "times are in order, and each is there once");
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        const auto values = frame.column(i);
        require(values.size() == times.size(), "a column is as long as the times");
        for (const double value : values)
            require(!std::isinf(value), "a value is a number, or missing");
    }
}

DataFrame reread(const DataFrame& frame, std::size_t limit) {
    std::string text;
    require(append_json_text(text, frame).has_value(), "what was read can be written");
    require(text.size() <= limit, "a text is no longer than allowed");
    DataFrame again;
    require(read_json_text(text, again).has_value(), "what was written can be read");
    return again;
}

/// What an insert sends of it, in however many parts.
void check_parts(const DataFrame& frame, std::size_t limit) {
    clarify::SampleBuffer samples;
    samples.add(frame);
    clarify::SampleTable table = clarify::detail::SampleAccess::take(samples);
    clarify::FieldErrors errors;
    clarify::detail::check(table, "", errors);
    if (!errors.empty()) return;
    clarify::detail::SampleParts parts{std::move(table), limit};
    if (!parts.check_size()) return;
    DataFrame together;
    while (const clarify::detail::SamplePart* const part = parts.next()) {
        std::string text;
        append_json(text, *part);
        require(text.size() <= limit, "a part is no longer than allowed");
        DataFrame one;
        require(read_json_text(text, one).has_value(), "what was written can be read");
        together.merge(one);
    }
    require(together.value_count() == frame.value_count(), "no sample is left out");
    for (std::size_t i = 0; i != frame.columns(); ++i) {
        require(together.contains(frame.key(i)), "no column is left out");
        for (const DataFrame::Row row : frame.rows()) {
            if (std::isnan(row[i])) continue;
            require(together.at(row.time(), frame.key(i)) == row[i], "a sample is as it was");
        }
    }
}

void run(std::string_view input) {
    fuzz::Choices choices{input};
    const std::size_t limit = 40 + choices.byte();
    const std::string_view text = choices.rest();
    DataFrame frame;
    const bool accepted = read_json_text(text, frame).has_value();
    const fuzz::Reference reference = fuzz::reference_json(text, 1'000);
    require(!accepted || reference.value || reference.only_too_large, "what is accepted is JSON");
    if (!accepted) {
        require(frame == DataFrame{}, "what is refused changes nothing");
        return;
    }
    check_content(frame);

    std::string written;
    // A key that no signal can have is read, but not sent.
    if (!append_json_text(written, frame)) {
        require(written.empty(), "what cannot be written leaves nothing behind");
        return;
    }
    require(reread(frame, written.size()) == frame, "a frame comes back as it was written");

    check_parts(frame, limit);
}

const fuzz::Target target{"data_frame", run};

}  // namespace
