// SPDX-License-Identifier: BSL-1.0
// Data frames as text: what is read is in order and finite, and comes back the same, in parts, too.

#include <clarify/api/data_frame.hpp>

#include "fuzz.hpp"
#include "reference_json.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

namespace {

using clarify::DataFrame;
using clarify::detail::RowRange;
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

    const auto parts = clarify::detail::split_by_json_size(frame, limit);
    if (!parts) return;
    DataFrame together;
    std::size_t next = 0;
    for (const RowRange& range : *parts) {
        require(range.first == next && range.count != 0, "parts follow each other");
        next += range.count;
        together.merge(reread(frame.part(range.first, range.count), limit));
    }
    require(next == frame.times().size(), "no row is left out");
    // Merging drops rows without any value.
    frame.normalize();
    require(together.size() == frame.size(), "the parts have the same rows together");
}

const fuzz::Target target{"data_frame", run};

}  // namespace
