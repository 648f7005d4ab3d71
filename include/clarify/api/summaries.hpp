// SPDX-License-Identifier: BSL-1.0
// What the methods that write answer: which resources were made or changed.

#ifndef CLARIFY_API_SUMMARIES_HPP
#define CLARIFY_API_SUMMARIES_HPP

#include <clarify/core/result.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace clarify {

// These types own all that they hold. Distinct objects of them may be used by several threads at once, and
// the same one for reading.

/** What an insert did with the signal of one input.

    A signal that did not exist is made, with empty attributes; `integration.saveSignals` gives it a
    name and whatever else there is to say of it.

    @code
    for (const auto& [input, summary] : result.signals_by_input)
        if (summary.created) to_be_described.insert(input);
    @endcode
*/
struct CreateSummary {
    CreateSummary() {}

    /// The identifier of the signal, with which `select_signals` and `publish_signals` find it. Empty
    /// where the server did not say.
    std::string id;
    /// The signal is new: nothing was inserted under this key before, and it was not saved either.
    bool created = false;

    friend bool operator==(const CreateSummary&, const CreateSummary&) = default;
};

/** What a save did with one signal or item.

    Repeating a save does no harm: the second time, both flags are `false`. So they tell whether there
    was anything to do, not whether it was done.

    | `created` | `updated` | meaning |
    | --- | --- | --- |
    | `true` | either | it is new |
    | `false` | `true` | it existed, and is now as it was saved |
    | `false` | `false` | it existed and was so already, or was to be left alone (`SaveOptions::create_only`) |
*/
struct SaveSummary {
    SaveSummary() {}

    /// The resource that was saved: the signal, or the item that a signal was published as.
    std::string id;
    /// It did not exist before.
    bool created = false;
    /// Something about it changed. Neither `created` nor `updated`: it was that way already, or it
    /// exists and only new ones were asked for.
    bool updated = false;

    friend bool operator==(const SaveSummary&, const SaveSummary&) = default;
};

/** The result of `integration.insert`.

    Where a large insert was sent in several parts, it is that of all of them: a signal counts as
    created if one of the parts created it.
*/
struct InsertResult {
    InsertResult() {}

    /// By input key: one for each column of the frame, also where the signal existed already.
    std::map<std::string, CreateSummary, std::less<>> signals_by_input;

    friend bool operator==(const InsertResult&, const InsertResult&) = default;
};

/** The result of `integration.saveSignals`: one summary for each signal that was to be saved.

    @code
    for (const auto& [input, summary] : result.signals_by_input)
        if (summary.created) print("made " + summary.id + " for " + input);
    @endcode
*/
struct SaveSignalsResult {
    SaveSignalsResult() {}

    /// By input key: the summaries are of the signals themselves.
    std::map<std::string, SaveSummary, std::less<>> signals_by_input;

    friend bool operator==(const SaveSignalsResult&, const SaveSignalsResult&) = default;
};

/** The result of `admin.publishSignals`: one summary for each signal that was to be published.

    @code
    const auto found = result.items_by_signal.find(signal.id);
    if (found != result.items_by_signal.end()) show(found->second.id);  // the item's identifier
    @endcode
*/
struct PublishSignalsResult {
    PublishSignalsResult() {}

    /// By the identifier of the signal; the summaries are of the items that show them.
    std::map<std::string, SaveSummary, std::less<>> items_by_signal;

    friend bool operator==(const PublishSignalsResult&, const PublishSignalsResult&) = default;
};

/** Read a result, whole or partial: what is missing or null is empty, unknown members are ignored.

    A partial result is what `ErrorData::partial_result` has where only some of the resources could be
    saved (JSON-RPC error -32021).

    @par Errors
    `Errc::decode`, with a JSON pointer to the fault in the message, and `Errc::too_large`,
    `Reason::parse`, where it would take more than 128 MiB; the result is left alone.
*/
Result<void> read_json_text(std::string_view text, CreateSummary& summary);
Result<void> read_json_text(std::string_view text, SaveSummary& summary);
Result<void> read_json_text(std::string_view text, InsertResult& result);
Result<void> read_json_text(std::string_view text, SaveSignalsResult& result);
Result<void> read_json_text(std::string_view text, PublishSignalsResult& result);

namespace detail {
class JsonReader;
bool read_json(JsonReader& in, CreateSummary& summary);
bool read_json(JsonReader& in, SaveSummary& summary);
bool read_json(JsonReader& in, InsertResult& result);
bool read_json(JsonReader& in, SaveSignalsResult& result);
bool read_json(JsonReader& in, PublishSignalsResult& result);
}  // namespace detail

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/summaries.hpp>
#endif

#endif  // CLARIFY_API_SUMMARIES_HPP
