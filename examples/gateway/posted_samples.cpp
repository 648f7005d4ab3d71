// SPDX-License-Identifier: BSL-1.0

#include <clarify/api/field_errors.hpp>

#include "posted_samples.hpp"

#include <boost/describe/class.hpp>

#include <cstddef>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

// The document is read by the codec of the client, so that nothing here looks at JSON by hand.

struct PostedRow {
    std::string input;
    std::string time;
    std::optional<double> value;
};
BOOST_DESCRIBE_STRUCT(PostedRow, (), (input, time, value))

struct Posted {
    std::optional<std::string> integration;
    std::optional<std::vector<std::string>> times;
    std::optional<std::map<std::string, std::vector<std::optional<double>>>> series;
    std::optional<std::vector<PostedRow>> samples;
};
BOOST_DESCRIBE_STRUCT(Posted, (), (integration, times, series, samples))

namespace {

std::optional<clarify::Timestamp> time_of(
    const std::string& text, const std::string& path, clarify::FieldErrors& errors) {
    const clarify::Result<clarify::Timestamp> time = clarify::Timestamp::parse(text);
    if (time) return *time;
    // A million of them need not be kept to say that they are wrong.
    constexpr std::size_t enough = 100;
    if (errors.size() < enough) errors.add(path, "is not an RFC 3339 time");
    return std::nullopt;
}

void add_columns(const Posted& posted, clarify::SampleTable& out, clarify::FieldErrors& errors) {
    std::vector<clarify::Timestamp> times;
    for (std::size_t i = 0; i != posted.times->size(); ++i) {
        const auto time = time_of((*posted.times)[i], "times." + std::to_string(i), errors);
        times.push_back(time.value_or(clarify::Timestamp{}));
    }
    for (const auto& [input, values] : *posted.series) {
        if (values.size() != times.size()) {
            errors.add(clarify::field_path("series", input), "is not as long as times");
            continue;
        }
        std::vector<clarify::Sample>& samples = out[input];
        for (std::size_t i = 0; i != values.size(); ++i) {
            if (values[i]) samples.push_back({times[i], *values[i]});
        }
    }
}

void add_rows(const Posted& posted, clarify::SampleTable& out, clarify::FieldErrors& errors) {
    for (std::size_t i = 0; i != posted.samples->size(); ++i) {
        const PostedRow& row = (*posted.samples)[i];
        const std::string path = "samples." + std::to_string(i) + ".time";
        const auto time = time_of(row.time, path, errors);
        if (time && row.value) out[row.input].push_back({*time, *row.value});
    }
}

}  // namespace

clarify::Result<PostedSamples> read_samples(
    const clarify::BoostJsonCodec& codec, const std::string& body) {
    clarify::Result<Posted> posted = codec.decode<Posted>(body);
    if (!posted) return posted.error();
    clarify::FieldErrors errors;
    PostedSamples out;
    if (posted->times && posted->series) {
        add_columns(*posted, out.samples, errors);
    } else if (posted->times || posted->series) {
        errors.add(posted->times ? "series" : "times", "is missing");
    } else if (!posted->samples) {
        errors.add("samples", "is missing, and so are times and series");
    }
    if (posted->samples) add_rows(*posted, out.samples, errors);
    if (!errors.empty()) return errors.result().error();
    out.integration = std::move(posted->integration);
    return out;
}

}  // namespace gateway
