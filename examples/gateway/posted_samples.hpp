// SPDX-License-Identifier: BSL-1.0
// What a sender posts, read.

#ifndef CLARIFY_GATEWAY_POSTED_SAMPLES_HPP
#define CLARIFY_GATEWAY_POSTED_SAMPLES_HPP

#include <clarify/api/samples.hpp>
#include <clarify/core/result.hpp>
#include <clarify/json/boost_json_codec.hpp>

#include <optional>
#include <string>

namespace gateway {

struct PostedSamples {
    /// Whose they are, where the sender says so.
    std::optional<std::string> integration;
    clarify::SampleTable samples;
};

/** Reads either form:

    @code{.json}
    {"times": ["2024-01-01T00:00:00Z", "2024-01-01T00:01:00Z"], "series": {"temperature": [20.5, null]}}
    {"samples": [{"input": "temperature", "time": "2024-01-01T00:00:00Z", "value": 20.5}]}
    @endcode

    @par Errors
    Of the codec; `Errc::bad_argument` with the path of each fault.
*/
clarify::Result<PostedSamples> read_samples(
    const clarify::BoostJsonCodec& codec, const std::string& body);

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_POSTED_SAMPLES_HPP
